// Reads the client and what it asked for, as sent, for the log line of a refused request. Pure: no I/O.
import { shownValue } from '../shown.ts'
import { parseBasic } from './credentials.ts'

/** Undefined: not sent. */
export type Asked = {
  clientId: string | undefined
  audience: string | undefined
  resource: string | undefined
  scope: string | undefined
  plugin: string | undefined
}

const shown = (text: string | null): string | undefined =>
  text === null || text === '' ? undefined : shownValue(text)

const basicOf = (authorization: string | null) => {
  try {
    return authorization === null ? null : parseBasic(authorization)
  } catch {
    return null // said in the refusal
  }
}

/** A secret that is sent as the client id is left out, of whatever form it is. */
export const clientIdShown = ({
  clientId,
  secret,
}: {
  clientId: string | null
  secret: string | null
}): string | undefined =>
  clientId !== null && secret !== null && secret !== '' && clientId.includes(secret)
    ? '…'
    : shown(clientId)

/** Reads leniently: the form may be the reason of the refusal. */
export const askedOf = (form: string, authorization: string | null): Asked => {
  const parameters = new URLSearchParams(form)
  const basic = basicOf(authorization)
  return {
    clientId: clientIdShown({
      clientId: basic?.clientId ?? parameters.get('client_id'),
      secret: basic?.secret ?? parameters.get('client_secret'),
    }),
    audience: shown(parameters.get('audience')),
    resource: shown(parameters.get('resource')),
    scope: shown(parameters.get('scope')),
    plugin: shown(parameters.get('plugin_id')),
  }
}

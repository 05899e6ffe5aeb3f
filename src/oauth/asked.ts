// Reads the client and what it asked for, as sent, for the log line of a refused request. Pure: no I/O.
import type { Asked } from '../deps.ts'
import { isClientId } from '../secret.ts'
import { hidingSecret, shownValue } from '../text/shown.ts'
import { parseBasic } from './credentials.ts'

const basicOf = (authorization: string | null) => {
  try {
    return authorization === null ? null : parseBasic(authorization)
  } catch {
    return null // said in the refusal
  }
}

/**
 * Shows a sent value without the secret that is presented with it, of whatever form that is. Client ids of ours stay:
 * an attacker could otherwise keep the attacked client out of the log with a secret that is part of its id.
 * @param hide replaces the secret
 * @returns undefined for a value that is not sent
 */
export const shownWithout =
  (hide: Asked['hide']) =>
  (text: string | null): string | undefined => {
    if (text === null || text === '') return undefined
    return isClientId(text) ? text : shownValue(hide(text))
  }

/** Reads leniently: the form may be the reason of the refusal. */
export const askedOf = (form: string, authorization: string | null): Asked => {
  const parameters = new URLSearchParams(form)
  const basic = basicOf(authorization)
  const hide = hidingSecret(basic?.secret ?? parameters.get('client_secret'))
  const shown = shownWithout(hide)
  return {
    fields: {
      clientId: shown(basic?.clientId ?? parameters.get('client_id')),
      audience: shown(parameters.get('audience')),
      resource: shown(parameters.get('resource')),
      scope: shown(parameters.get('scope')),
      plugin: shown(parameters.get('plugin_id')),
    },
    hide,
  }
}

// Reads the client and the values that a request sends, for the log line of its refusal.
import type { AppContext, Requested } from '../deps.ts'
import { isClientId } from '../secret.ts'
import { hidingSecret, shownValue } from '../text/redaction.ts'
import { parseBasic } from './credentials.ts'

const basicOf = (authorization: string | null) => {
  try {
    return authorization === null ? null : parseBasic(authorization)
  } catch {
    return null // client authentication refuses the malformed header
  }
}

/**
 * Shows a sent value without the secret that is presented with it, in any form of that secret. Client
 * ids of ours stay: an attacker could otherwise keep the attacked client out of the log with a
 * secret that is part of its id.
 * @param hide replaces the secret
 * @returns undefined for a value that is not sent
 */
export const shownWithout =
  (hide: Requested['hide']) =>
  (text: string | null): string | undefined => {
    if (text === null || text === '') return undefined
    return isClientId(text) ? text : shownValue(hide(text))
  }

/** Parses leniently: the form may be the reason of the refusal. */
const parseRequested = (form: string, authorization: string | null): Requested => {
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

/**
 * Makes the log line of a refusal name the client and the values that it sends.
 * @param form empty until the body is read
 */
export const logRequested = (c: AppContext, form = ''): void => {
  const authorization = c.req.header('authorization') ?? null
  c.set('requested', () => parseRequested(form, authorization))
}

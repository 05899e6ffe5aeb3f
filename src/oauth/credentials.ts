// Parses the client credentials of a request (RFC 6749 §2.3). Pure: it looks up and compares
// nothing.
import { type Form, decodeComponent } from './form-encoding.ts'
import { type AuthenticationReason, authenticationRefused } from './reasons.ts'

export type Credentials = { clientId: string; secret: string }

/**
 * Reads the credentials of `client_secret_basic` or `client_secret_post`; null if there are none,
 * or only those of a method that the server does not support.
 * @throws OAuthError `client_authentication_ambiguous`, `client_authentication_malformed`
 */
export const readCredentials = (form: Form, authorization: string | null): Credentials | null => {
  const secret = form.get('client_secret')
  const ways = [
    ...(authorization === null ? [] : ['Authorization']),
    ...(secret === undefined ? [] : ['client_secret']),
    ...(hasAssertion(form) ? ['client_assertion'] : []),
  ]
  if (ways.length > 1) throw authenticationRefused('credentials_ambiguous', ways)
  const clientId = form.get('client_id')
  if (authorization === null) {
    return clientId === undefined || secret === undefined ? null : { clientId, secret }
  }
  const basic = parseBasic(authorization)
  if (basic !== null && clientId !== undefined && clientId !== basic.clientId) {
    throw authenticationRefused('credentials_ambiguous', ['Authorization', 'client_id'])
  }
  return basic
}

const hasAssertion = (form: Form): boolean =>
  form.has('client_assertion') || form.has('client_assertion_type')

/** Decides why `readCredentials` returns null for a request. */
export const reasonOfNone = (form: Form, authorization: string | null): AuthenticationReason =>
  authorization !== null || hasAssertion(form) ? 'method_unsupported' : 'credentials_missing'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses HTTP Basic (RFC 7617 §2), with the scheme in any case (RFC 9110 §11.1). Both parts may be
 * form-encoded, as RFC 6749 §2.3.1 requires, or not: our ids and secrets have no character that
 * changes.
 * @returns null for another scheme
 * @throws OAuthError `client_authentication_malformed`
 */
export const parseBasic = (header: string): Credentials | null => {
  const match = /^basic(?: +|$)(.*)$/is.exec(header.trim())
  if (match === null) return null
  try {
    const encoded = match[1] ?? ''
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) throw new TypeError('not base64')
    const text = UTF8.decode(Buffer.from(encoded, 'base64'))
    const colon = text.indexOf(':')
    if (colon < 0) throw new TypeError('not user-id:password')
    const [clientId, secret] = [text.slice(0, colon), text.slice(colon + 1)].map((part) =>
      decodeComponent(part),
    )
    return { clientId: clientId ?? '', secret: secret ?? '' }
  } catch {
    throw authenticationRefused('credentials_malformed')
  }
}

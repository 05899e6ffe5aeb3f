// The token that a client submits for introspection or revocation. Pure: no I/O.
import { OAuthError } from '../errors.ts'
import type { Form } from './form-encoding.ts'

/**
 * Reads the parameter `token` (RFC 7009 §2.1, RFC 7662 §2.1) without white space around it. A client
 * that reads its token from a file often submits the newline of the file too. The server would answer
 * 200 to the revocation of that text (RFC 7009 §2.2) and `{ "active": false }` to its introspection,
 * and the token itself would stay active.
 * @throws OAuthError `token_missing`, also for white space alone
 */
export const submittedToken = (form: Form): string => {
  const token = form.get('token')?.trim() ?? ''
  if (token === '') throw new OAuthError('token_missing')
  return token
}

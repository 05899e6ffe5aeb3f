import { OAuthError } from '../errors.ts'

/**
 * `GET` and `POST /oauth/authorize` (RFC 6749 §3.1): refuses every request. The address exists
 * because clients refuse metadata without it (RFC 8414 §2). The handler reads nothing of the
 * request: it redirects nowhere (§4.1.2.1) and repeats no value.
 */
export const authorize = (): never => {
  throw new OAuthError('response_type_unsupported')
}

import { OAuthError } from '../errors.ts'

/**
 * `GET` and `POST /oauth/authorize` (RFC 6749 §3.1): refuses every request. Clients refuse metadata without this
 * address (RFC 8414 §2). Reads nothing of the request: no address that it names is redirected to (§4.1.2.1), and
 * no value that it sends is repeated.
 */
export const authorize = (): never => {
  throw new OAuthError('response_type_unsupported')
}

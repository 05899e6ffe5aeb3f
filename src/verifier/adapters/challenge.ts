// The answer to a refused request (RFC 6750 §3, RFC 9110 §11.6.1). Pure.
import type { VerificationError } from '../errors.ts'
import { isScope } from '../token/scope.ts'
import { checkResourceMetadata } from './metadata.ts'

/** Time after which a client may repeat a request that was answered with 503, in seconds. */
const RETRY_AFTER_SECONDS = 5

/** The answer to a refused request. */
export type Challenge = {
  status: 401 | 403 | 503
  headers: Record<string, string>
  /** JSON: `error` and `error_description` of RFC 6750 §3.1, and the verifier's `code`. */
  body: { error?: string; error_description: string; code: string }
}

/** Options of a challenge. */
export type ChallengeOptions = {
  /** URL of this resource server's metadata, sent with 401 and 403 (RFC 9728 §5.1). */
  resourceMetadata?: string | undefined
}

/**
 * Status, headers and JSON body for a refused request: 401 with a bare challenge without a token,
 * 401 `invalid_token` for a bad token, 403 `insufficient_scope` for a good token that does not
 * allow the request, and 503 with `Retry-After` where no decision is possible (RFC 6750 §3). The
 * error's `reason` and `cause` are not part of it.
 * @param scope the required permission, or several with one space between them; sent with 403
 * @throws TypeError for a `scope` that is not a scope, or a `resourceMetadata` that is not a URL
 *   for a challenge
 * @example
 * const { status, headers, body } = authorizationChallenge(error, 'hook:track')
 * const response = new Response(JSON.stringify(body), { status, headers })
 */
export const authorizationChallenge = (
  { status, error, message, code }: VerificationError,
  scope?: string | null,
  { resourceMetadata }: ChallengeOptions = {},
): Challenge => {
  checkResourceMetadata(resourceMetadata)
  // A scope may come from a table or a request. A quote in it would end the quoted string and add
  // parameters.
  if (scope !== undefined && scope !== null && !isScope(scope)) {
    throw new TypeError('scope must be scope tokens (RFC 6749), with one space between them')
  }
  const parameters = {
    ...(error !== null && { error, error_description: message }),
    ...(status === 403 && { scope }),
    resource_metadata: resourceMetadata,
  }
  return {
    status,
    headers: {
      'Cache-Control': 'no-store',
      'Content-Type': 'application/json',
      ...(status === 503
        ? { 'Retry-After': String(RETRY_AFTER_SECONDS) }
        : { 'WWW-Authenticate': challenge(parameters) }),
    },
    body: { ...(error !== null && { error }), error_description: message, code },
  }
}

/** The bare scheme without parameters. */
const challenge = (parameters: Record<string, string | null | undefined>): string => {
  const written = Object.entries(parameters).flatMap(([name, value]) =>
    value ? [`${name}="${value}"`] : [],
  )
  return written.length === 0 ? 'Bearer' : `Bearer ${written.join(', ')}`
}

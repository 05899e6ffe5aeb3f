// The answer to a request that is refused (RFC 6750 §3, RFC 9110 §11.6.1). Pure.
import type { VerificationError } from '../errors.ts'
import { checkResourceMetadata } from './metadata.ts'
import { isScope } from '../token/scope.ts'

/** Seconds after which a client may ask again when nothing could be said about its token. */
const RETRY_AFTER_SECONDS = 5

export type Challenge = {
  status: 401 | 403 | 503
  headers: Record<string, string>
  body: { error?: string; error_description: string; code: string }
}

export type ChallengeOptions = {
  /** Where this resource server's metadata is, said on 401 and 403 (RFC 9728 §5.1). */
  resourceMetadata?: string | undefined
}

/**
 * Status, headers and JSON body for a refused request: no token 401 with a bare challenge, a bad token 401
 * `invalid_token`, a good one that does not allow it 403 `insufficient_scope`, and 503 with `Retry-After`
 * where nothing can be said.
 * @param scope the permission that was needed, or several with a space between them; said on 403 (RFC 6750 §3)
 * @throws TypeError for a scope that is none, or a `resourceMetadata` that is no URL to be said there
 */
export const authorizationChallenge = (
  { status, error, message, code }: VerificationError,
  scope?: string | null,
  { resourceMetadata }: ChallengeOptions = {},
): Challenge => {
  checkResourceMetadata(resourceMetadata)
  // It may come from a table, or from a request: what is not quoted right says more than a scope.
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

/** Without any parameter it is the bare scheme. */
const challenge = (parameters: Record<string, string | null | undefined>): string => {
  const said = Object.entries(parameters).flatMap(([name, value]) =>
    value ? [`${name}="${value}"`] : [],
  )
  return said.length === 0 ? 'Bearer' : `Bearer ${said.join(', ')}`
}

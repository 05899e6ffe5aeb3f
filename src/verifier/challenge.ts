// The answer to a request that is refused (RFC 6750 §3, RFC 9110 §11.6.1). Pure.
import type { VerificationError } from './errors.ts'

/** Seconds after which a client may ask again when nothing could be said about its token. */
const RETRY_AFTER_SECONDS = 5

export type Challenge = {
  status: 401 | 403 | 503
  headers: Record<string, string>
  body: { error?: string; error_description: string; code: string }
}

/**
 * Status, headers and JSON body for a refused request: no token 401 with a bare challenge, a bad token 401
 * `invalid_token`, a good one that does not allow it 403 `insufficient_scope`, and 503 with `Retry-After`
 * where nothing can be said.
 * @param scope the permission that was needed, said on 403 (RFC 6750 §3)
 */
export const authorizationChallenge = (
  { status, error, message, code }: VerificationError,
  scope?: string | null,
): Challenge => ({
  status,
  headers: {
    'Cache-Control': 'no-store',
    'Content-Type': 'application/json',
    ...(status === 503
      ? { 'Retry-After': String(RETRY_AFTER_SECONDS) }
      : { 'WWW-Authenticate': challenge(error, message, status === 403 ? scope : null) }),
  },
  body: { ...(error !== null && { error }), error_description: message, code },
})

const challenge = (error: string | null, description: string, scope?: string | null): string => {
  if (error === null) return 'Bearer'
  const parameters = [`error="${error}"`, `error_description="${description}"`]
  if (scope) parameters.push(`scope="${scope}"`)
  return `Bearer ${parameters.join(', ')}`
}

// What a resource server answers when a token is not enough (RFC 6750 §3.1). No I/O.
import { recognizeAcrossBuilds } from './sharing.ts'

/** `code` → HTTP status, the word of RFC 6750 and the sentence. Sentences never repeat what the token or the request said. */
const CODES = {
  token_missing: [401, null, 'The request has no token.'],
  token_malformed: [401, 'invalid_token', 'The token is not a well-formed access token.'],
  token_untrusted: [401, 'invalid_token', 'The token is not one that this server trusts.'],
  token_expired: [401, 'invalid_token', 'The token has expired.'],
  token_not_yet_valid: [
    401,
    'invalid_token',
    'The token is not valid yet by the clock of this server.',
  ],
  token_revoked: [401, 'invalid_token', 'The token has been revoked.'],
  permission_missing: [403, 'insufficient_scope', 'The token lacks the permission.'],
  plugin_missing: [403, 'insufficient_scope', 'The token names no plugin.'],
  plugin_mismatch: [403, 'insufficient_scope', 'The token is for another plugin than the request.'],
  endpoint_denied: [403, 'insufficient_scope', 'The run may not use this endpoint.'],
  operation_denied: [403, 'insufficient_scope', 'The run may not do this operation.'],
  capability_missing: [403, 'insufficient_scope', 'The plugin lacks the capability.'],
  authorization_denied: [403, 'insufficient_scope', 'The token lacks the authorization.'],
  authorization_ambiguous: [403, 'insufficient_scope', 'Several authorizations of the token fit.'],
  keys_unavailable: [503, null, 'The keys to check tokens with cannot be had right now.'],
  revocations_stale: [503, null, 'It is not known right now which tokens are revoked.'],
} as const

export type VerificationCode = keyof typeof CODES

/**
 * A token, or a request with it, is refused. One of the four classes below; `code` says which check failed
 * and is stable, `status` is the HTTP status to answer with. `instanceof` holds whichever build, ES module or
 * CommonJS, has made the error.
 */
export class VerificationError extends Error {
  override readonly name: string = 'VerificationError'
  readonly code: VerificationCode
  readonly status: 401 | 403 | 503
  /** `invalid_token` or `insufficient_scope`; null where RFC 6750 has no word. */
  readonly error: 'invalid_token' | 'insufficient_scope' | null

  constructor(code: VerificationCode, options?: { cause?: unknown }) {
    const [status, error, description] = CODES[code]
    super(description, options)
    this.code = code
    this.status = status
    this.error = error
  }
}

/** No token at all: 401 with a bare challenge. */
export class TokenMissing extends VerificationError {
  override readonly name = 'TokenMissing'
}

/** A token that is worth nothing here: 401 `invalid_token`. */
export class TokenInvalid extends VerificationError {
  override readonly name = 'TokenInvalid'
}

/** A good token that does not allow this request: 403 `insufficient_scope`. */
export class AccessDenied extends VerificationError {
  override readonly name = 'AccessDenied'
}

/** Nothing can be said about tokens right now: 503 with `Retry-After`, never 401. */
export class VerifierUnavailable extends VerificationError {
  override readonly name = 'VerifierUnavailable'
}

recognizeAcrossBuilds({
  VerificationError,
  TokenMissing,
  TokenInvalid,
  AccessDenied,
  VerifierUnavailable,
})

/** The error for a code, of the class that belongs to it. */
export const refusal = (
  code: VerificationCode,
  options?: { cause?: unknown },
): VerificationError => {
  const [status, error] = CODES[code]
  if (status === 503) return new VerifierUnavailable(code, options)
  if (status === 403) return new AccessDenied(code, options)
  return error === null ? new TokenMissing(code, options) : new TokenInvalid(code, options)
}

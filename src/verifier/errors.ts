// The errors of a verifier: what a resource server answers to a request that it refuses
// (RFC 6750 §3.1). No I/O.
import { CODES, type VerificationCode } from './codes.ts'
import { CODE_OF_REASON, type VerificationReason, cleanedReason } from './reasons.ts'
import { recognizeAcrossBuilds } from './sharing.ts'

type ErrorOptions = {
  cause?: unknown
  /** Default: `{ kind: 'unspecified' }`. */
  reason?: VerificationReason
}

/**
 * A refusal of a token, or of a request with it: one of the four classes below. `instanceof` works
 * for errors of either build of this package, ES module or CommonJS.
 * @example
 * try {
 *   await verifier.verify(bearer, { permission: 'hook:track', plugin: anyPlugin })
 * } catch (error) {
 *   if (!(error instanceof VerificationError)) throw error
 *   console.warn(error.code, error.reason)
 *   return errorResponse(error, 'hook:track')
 * }
 */
export class VerificationError extends Error {
  override readonly name: string = 'VerificationError'
  /** Code of the failed check. Stable, and sent to the client. */
  readonly code: VerificationCode
  /** HTTP status of the answer. */
  readonly status: 401 | 403 | 503
  /**
   * The error code of RFC 6750 §3.1: `invalid_token` or `insufficient_scope`; null where the RFC
   * has none.
   */
  readonly error: 'invalid_token' | 'insufficient_scope' | null
  /**
   * Reason of the failure, for the resource server's own log. It is not enumerable, so that
   * `JSON.stringify(error)`, `{ ...error }` and the error handlers of frameworks do not send it to
   * a client by mistake: log `error.reason` by name.
   */
  declare readonly reason: VerificationReason

  constructor(code: VerificationCode, options: ErrorOptions = {}) {
    const { reason = { kind: 'unspecified' }, ...others } = options
    const [status, error, description] = CODES[code]
    super(description, others)
    this.code = code
    this.status = status
    this.error = error
    Object.defineProperty(this, 'reason', { value: cleanedReason(reason) })
  }
}

/**
 * The request has no token: 401 with a bare challenge (RFC 6750 §3).
 * @example
 * const isAnonymous = (error: unknown): boolean => error instanceof TokenMissing
 */
export class TokenMissing extends VerificationError {
  override readonly name = 'TokenMissing'
}

/**
 * The token is malformed, not trusted, out of its time or revoked: 401 `invalid_token`
 * (RFC 6750 §3.1).
 * @example
 * const isRevoked = (error: unknown): boolean =>
 *   error instanceof TokenInvalid && error.code === 'token_revoked'
 */
export class TokenInvalid extends VerificationError {
  override readonly name = 'TokenInvalid'
}

/**
 * The token is good and does not allow this request: 403 `insufficient_scope` (RFC 6750 §3.1).
 * @example
 * const lacksPermission = (error: unknown): boolean =>
 *   error instanceof AccessDenied && error.code === 'permission_missing'
 */
export class AccessDenied extends VerificationError {
  override readonly name = 'AccessDenied'
}

/**
 * The verifier cannot decide, because it has no keys or no current revocation list: 503 with
 * `Retry-After`, not 401.
 * @example
 * const mayRetry = (error: unknown): boolean => error instanceof VerifierUnavailable
 */
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

/** Creates the error of a code, of the class that belongs to its status. */
export const errorWithCode = (
  code: VerificationCode,
  options?: ErrorOptions,
): VerificationError => {
  const [status, error] = CODES[code]
  if (status === 503) return new VerifierUnavailable(code, options)
  if (status === 403) return new AccessDenied(code, options)
  return error === null ? new TokenMissing(code, options) : new TokenInvalid(code, options)
}

/** Creates the error of a reason. */
export const refusal = (
  reason: Exclude<VerificationReason, { kind: 'unspecified' }>,
  options: { cause?: unknown } = {},
): VerificationError => errorWithCode(CODE_OF_REASON[reason.kind], { ...options, reason })

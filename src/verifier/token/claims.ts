// Checks issuer, audience and time of a token (RFC 9068 §4). Pure.
import { refusal } from '../errors.ts'
import { textOfClaim } from '../reasons.ts'
import type { AccessTokenClaims } from './parse.ts'

/** `clockTolerance` in seconds. */
export type Policy = { issuer: string; audience: string; clockTolerance: number }

/**
 * Compares `iss` and `aud` exactly. `aud` is one string, as this project's servers write it.
 * @throws TokenInvalid `token_untrusted`
 */
export const checkOrigin = (claims: AccessTokenClaims, { issuer, audience }: Policy): void => {
  if (claims.iss !== issuer) {
    throw refusal({ kind: 'issuer_mismatch', expected: issuer, actual: claims.iss })
  }
  if (claims.aud !== audience) {
    const actual = textOfClaim(claims.aud)
    throw refusal({ kind: 'audience_mismatch', expected: audience, actual })
  }
}

/**
 * @param now seconds since the epoch, with fractions
 * @throws TokenInvalid `token_expired`; `token_not_yet_valid` where the token begins in the future
 *   of this clock: then the clocks of issuer and resource server differ, and a newer token would be
 *   refused as well
 */
export const checkTime = (
  { exp, iat, nbf }: AccessTokenClaims,
  { clockTolerance: tolerance }: Policy,
  now: number,
): void => {
  // Each comparison fails for a clock that is not a number.
  if (!(now < exp + tolerance)) throw refusal({ kind: 'expired', expiresAt: exp, now, tolerance })
  const latest = now + tolerance
  if (!(iat <= latest)) throw refusal({ kind: 'issued_in_future', issuedAt: iat, now, tolerance })
  if (typeof nbf === 'number' && !(nbf <= latest)) {
    throw refusal({ kind: 'not_yet_valid', notBefore: nbf, now, tolerance })
  }
}

// Whose token it is, for whom, and when (RFC 9068 §4). Pure.
import { refusal } from '../errors.ts'
import type { AccessTokenClaims } from './parse.ts'

export type Policy = { issuer: string; audience: string; clockTolerance: number }

/** Compared letter by letter; `aud` is one string, as ours always is. @throws TokenInvalid `token_untrusted` */
export const checkOrigin = (claims: AccessTokenClaims, { issuer, audience }: Policy): void => {
  if (claims.iss !== issuer || claims.aud !== audience) throw refusal('token_untrusted')
}

/**
 * @param now seconds since the epoch, with fractions
 * @throws TokenInvalid `token_expired`; `token_not_yet_valid` where the token begins later than this clock says: then
 *   the clocks of the issuer and this server differ, and a newer token would be refused as well
 */
export const checkTime = (
  { exp, iat, nbf }: AccessTokenClaims,
  { clockTolerance }: Policy,
  now: number,
): void => {
  // Each comparison fails for a clock that is not a number.
  if (!(now < exp + clockTolerance)) throw refusal('token_expired')
  const latest = now + clockTolerance
  if (!(iat <= latest) || !(typeof nbf !== 'number' || nbf <= latest)) {
    throw refusal('token_not_yet_valid')
  }
}

// Whose token it is, for whom, and when (RFC 9068 §4). Pure.
import { refusal } from './errors.ts'
import type { AccessTokenClaims } from './token.ts'

export type Policy = { issuer: string; audience: string; clockTolerance: number }

/** Compared letter by letter; `aud` is one string, as ours always is. @throws TokenInvalid `token_untrusted` */
export const checkOrigin = (claims: AccessTokenClaims, { issuer, audience }: Policy): void => {
  if (claims.iss !== issuer || claims.aud !== audience) throw refusal('token_untrusted')
}

/** @param now seconds since the epoch, with fractions. @throws TokenInvalid `token_expired` */
export const checkTime = (
  { exp, iat, nbf }: AccessTokenClaims,
  { clockTolerance }: Policy,
  now: number,
): void => {
  const latest = now + clockTolerance
  // Said the safe way round: a clock that is not a number lets nothing through.
  const started = iat <= latest && (typeof nbf !== 'number' || nbf <= latest)
  if (!(started && now < exp + clockTolerance)) throw refusal('token_expired')
}

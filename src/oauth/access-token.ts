// Our own access tokens, read back: for introspection and revocation, which look at the store every time.
import { decodeBase64url } from '@latchkey/verifier/internal'
import { z } from 'zod'
import { MAX_CLOCK_TOLERANCE_SECONDS, MAX_TOKEN_BYTES } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { settledSeconds } from '../upkeep/timekeeper.ts'
import { revocationLookup } from '../revocation/source.ts'

/** RFC 9068 §2.1. */
export const ACCESS_TOKEN_TYPE = 'at+jwt'

const CLAIMS = z.looseObject({
  iss: z.string(),
  sub: z.string(),
  client_id: z.string(),
  client_gen: z.int(),
  aud: z.string(),
  scope: z.string(),
  iat: z.int(),
  exp: z.int(),
  jti: z.string(),
  workspace_id: z.string().optional(),
  workspace_gen: z.int().optional(),
  workspace_ref: z.string().optional(),
  plugin_id: z.string().optional(),
  plugin_gen: z.int().optional(),
  plugin_trust: z.string().optional(),
  plugin_capabilities: z.array(z.string()).optional(),
  plugin_snapshot: z.string().optional(),
  authorization_details: z.array(z.looseObject({ type: z.string() })).optional(),
})

/** The payload of an access token (RFC 9068 §2.2 and the claims of ours). Times are seconds since the epoch. */
export type AccessTokenClaims = z.infer<typeof CLAIMS>

export type ReadToken = { kid: string; claims: AccessTokenClaims }

type ReadDeps = Pick<Deps, 'signer' | 'issuer' | 'clock'>

/**
 * The claims of a token that this server has signed and that has not expired, revoked or not; else null.
 * @param at the time by which it may have expired, in seconds since the epoch
 */
export const readAccessToken = async (
  token: string,
  deps: ReadDeps,
  at: number = nowSeconds(deps),
): Promise<ReadToken | null> => {
  if (token.length > MAX_TOKEN_BYTES || !isCanonical(token)) return null
  const verified = await deps.signer.verify(token)
  if (verified === null || verified.typ !== ACCESS_TOKEN_TYPE) return null
  const { data: claims } = CLAIMS.safeParse(parseJson(verified.payload))
  if (claims === undefined || claims.iss !== deps.issuer) return null
  return at < claims.exp ? { kid: verified.kid, claims } : null
}

/**
 * The claims of a token that can be taken back: one that looks expired, by a clock that is ahead, would be good again
 * once that is set right.
 */
export const readRevocableToken = async (
  token: string,
  deps: ReadDeps & Pick<Deps, 'store'>,
): Promise<ReadToken | null> => {
  return await readAccessToken(token, deps, await settledSeconds(deps))
}

/**
 * The claims of a token that is good now: signed here, neither expired nor of a time that has not come yet (its issuer's
 * clock was ahead), matched by no rule of the store.
 */
export const readActiveToken = async (
  token: string,
  deps: ReadDeps & Pick<Deps, 'store'>,
): Promise<AccessTokenClaims | null> => {
  const read = await readAccessToken(token, deps)
  if (read === null || read.claims.iat > nowSeconds(deps) + MAX_CLOCK_TOLERANCE_SECONDS) return null
  const revocation = await deps.store.findRevocation(revocationLookup(read.kid, read.claims))
  return revocation === null ? read.claims : null
}

/** True for three parts in canonical base64url: the same 256-byte signature has sixteen spellings. */
const isCanonical = (token: string): boolean => {
  const parts = token.split('.', 4)
  return parts.length === 3 && parts.every((part) => decodeBase64url(part) !== null)
}

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return null
  }
}

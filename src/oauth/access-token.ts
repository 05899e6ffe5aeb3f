// Verification of the server's own access tokens, for introspection and revocation. Both read the
// store every time.
import { decodeBase64url } from '@latchkey/verifier/internal'
import { z } from 'zod'
import { MAX_CLOCK_TOLERANCE_SECONDS, MAX_TOKEN_BYTES } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { settledSeconds } from '../upkeep/timekeeper.ts'
import type { VerifiedToken } from '../signing/signer.ts'
import { revocationLookup } from '../revocation/source.ts'
import type { InactiveReason } from './reasons.ts'

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

/**
 * The payload of an access token: claims of RFC 9068 §2.2 and our own. Times are seconds since the
 * epoch.
 */
export type AccessTokenClaims = z.infer<typeof CLAIMS>

export type ReadToken = { kid: string; claims: AccessTokenClaims }

type ReadDeps = Pick<Deps, 'signer' | 'issuer' | 'clock'>

/**
 * A token, and why it is not active: null for an active one. `read` is null for a text that this
 * server has not signed as an access token.
 */
export type ExaminedToken =
  { reason: null; read: ReadToken } | { reason: InactiveReason; read: ReadToken | null }

const unread = (reason: InactiveReason): ExaminedToken => ({ reason, read: null })

/**
 * Checks form, signature, type, issuer and expiry. A revoked token passes.
 * @param at the time by which it may have expired, in seconds since the epoch
 */
const checkToken = async (token: string, deps: ReadDeps, at: number): Promise<ExaminedToken> => {
  if (token.length > MAX_TOKEN_BYTES) return unread('token_too_long')
  if (!isCanonical(token)) return unread('token_malformed')
  const verified = await deps.signer.verify(token)
  if (verified === null) return unread('token_untrusted')
  if (verified.typ !== ACCESS_TOKEN_TYPE) return unread('token_type_unexpected')
  const claims = claimsOf(verified)
  if (claims === undefined) return unread('claims_malformed')
  if (claims.iss !== deps.issuer) return unread('issuer_mismatch')
  const read = { kid: verified.kid, claims }
  return at < claims.exp ? { reason: null, read } : { reason: 'token_expired', read }
}

/**
 * Reads a token that can be revoked. A token that looks expired by a clock that is ahead can be: it
 * would be active again once the clock is set right.
 */
export const readRevocableToken = async (
  token: string,
  deps: ReadDeps & Pick<Deps, 'store'>,
): Promise<ReadToken | null> => {
  const { reason, read } = await checkToken(token, deps, await settledSeconds(deps))
  return reason === null ? read : null
}

/**
 * Examines whether a token is active: signed here, not expired, not issued in the future (by a clock
 * that was ahead), and matched by no rule of the store.
 */
export const examineToken = async (
  token: string,
  deps: ReadDeps & Pick<Deps, 'store'>,
): Promise<ExaminedToken> => {
  const now = nowSeconds(deps)
  const checked = await checkToken(token, deps, now)
  if (checked.reason !== null) return checked
  const { read } = checked
  const { kid, claims } = read
  if (claims.iat > now + MAX_CLOCK_TOLERANCE_SECONDS) {
    return { reason: 'token_issued_in_future', read }
  }
  const rule = await deps.store.findRevocation(revocationLookup(kid, claims))
  return rule === null ? checked : { reason: 'token_revoked', read }
}

/**
 * True for three parts in canonical base64url: the same 256-byte signature has sixteen spellings.
 */
const isCanonical = (token: string): boolean => {
  const parts = token.split('.', 4)
  return parts.length === 3 && parts.every((part) => decodeBase64url(part) !== null)
}

/** Claims of tokens that the signer still remembers. */
const PARSED = new WeakMap<VerifiedToken, AccessTokenClaims>()

const claimsOf = (verified: VerifiedToken): AccessTokenClaims | undefined => {
  const parsed = PARSED.get(verified)
  if (parsed !== undefined) return parsed
  const { data } = CLAIMS.safeParse(parseJson(verified.payload))
  if (data !== undefined) PARSED.set(verified, data)
  return data
}

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return null
  }
}

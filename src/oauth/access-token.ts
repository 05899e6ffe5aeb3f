// Verification of the server's own access tokens, for introspection and revocation. Both read the
// store every time.
import { decodeBase64url } from '@latchkey/verifier/internal'
import { z } from 'zod'
import { MAX_CLOCK_TOLERANCE_SECONDS, MAX_TOKEN_BYTES } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { settledSeconds } from '../upkeep/timekeeper.ts'
import { revocationLookup } from '../revocation/source.ts'
import type { RevocationKind } from '../store/store.ts'
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
 * Checks form, signature, type, issuer and expiry. A revoked token passes.
 * @param at the time by which it may have expired, in seconds since the epoch
 * @returns the token, or the reason of its refusal
 */
const checkToken = async (
  token: string,
  deps: ReadDeps,
  at: number,
): Promise<ReadToken | InactiveReason> => {
  if (token.length > MAX_TOKEN_BYTES) return 'token_too_long'
  if (!isCanonical(token)) return 'token_malformed'
  const verified = await deps.signer.verify(token)
  if (verified === null) return 'token_untrusted'
  if (verified.typ !== ACCESS_TOKEN_TYPE) return 'token_type_unexpected'
  const { data: claims } = CLAIMS.safeParse(parseJson(verified.payload))
  if (claims === undefined) return 'claims_malformed'
  if (claims.iss !== deps.issuer) return 'issuer_mismatch'
  return at < claims.exp ? { kid: verified.kid, claims } : 'token_expired'
}

/**
 * Reads a token that can be revoked. A token that looks expired by a clock that is ahead can be: it
 * would be active again once the clock is set right.
 */
export const readRevocableToken = async (
  token: string,
  deps: ReadDeps & Pick<Deps, 'store'>,
): Promise<ReadToken | null> => {
  const read = await checkToken(token, deps, await settledSeconds(deps))
  return typeof read === 'string' ? null : read
}

/** State of a token. `claims` is null for a text that is no token of this server, or has expired. */
export type ExaminedToken =
  | { reason: null; rule: null; claims: AccessTokenClaims }
  /** `rule`: the kind of a rule that revokes it. */
  | { reason: InactiveReason; rule: RevocationKind | null; claims: AccessTokenClaims | null }

/**
 * Examines whether a token is active: signed here, not expired, not issued in the future (by a clock
 * that was ahead), and matched by no rule of the store. `reason` tells why it is not.
 */
export const examineToken = async (
  token: string,
  deps: ReadDeps & Pick<Deps, 'store'>,
): Promise<ExaminedToken> => {
  const now = nowSeconds(deps)
  const read = await checkToken(token, deps, now)
  if (typeof read === 'string') return { reason: read, rule: null, claims: null }
  const { kid, claims } = read
  if (claims.iat > now + MAX_CLOCK_TOLERANCE_SECONDS) {
    return { reason: 'token_issued_in_future', rule: null, claims }
  }
  const rule = await deps.store.findRevocation(revocationLookup(kid, claims))
  if (rule === null) return { reason: null, rule, claims }
  return { reason: 'token_revoked', rule, claims }
}

/**
 * True for three parts in canonical base64url: the same 256-byte signature has sixteen spellings.
 */
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

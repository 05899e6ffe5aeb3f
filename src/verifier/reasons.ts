// Reasons of refusals, for the resource server's own log. Each reason has one code, and the code
// alone reaches the client. No I/O.
import type { VerificationCode } from './codes.ts'
import { MAX_REASON_CHARS } from './constants.ts'

/**
 * The reason of a refusal: `kind` names the failed check, the other members are its facts. For the
 * resource server's own log: no adapter sends it to the client, and it never contains the token.
 *
 * Texts from the token or the request are bounded and cleaned: at most 256 characters, no control
 * or format characters, and `[token]` in place of a token. Times are seconds since the epoch,
 * durations are seconds. New kinds may be added.
 * @example
 * const describeRefusal = ({ code, reason }: VerificationError): string => {
 *   if (reason.kind === 'audience_mismatch') return `token is for ${reason.actual}`
 *   if (reason.kind === 'key_unknown') return `no key ${reason.kid}`
 *   return `${code}: ${reason.kind}`
 * }
 */
export type VerificationReason = Readonly<
  | FormReason
  | TrustReason
  | TimeReason
  | RevocationReason
  | RequirementReason
  | UnavailableReason
  /** An error that the application has created itself, without a reason. */
  | { kind: 'unspecified' }
>

/** The token is missing, or not well-formed (RFC 7515 §7.1, RFC 9068 §2). */
type FormReason =
  | { kind: 'token_missing' }
  /** `bearer` is not a string. */
  | { kind: 'token_not_text' }
  /** Lengths in characters. */
  | { kind: 'token_too_long'; length: number; max: number }
  /** A compact JWS has three parts; counted up to four. */
  | { kind: 'not_a_jws'; parts: number }
  /** The part is empty, or not canonical base64url. */
  | { kind: 'part_malformed'; part: 'header' | 'payload' | 'signature' }
  /** The part is not a JSON object in UTF-8 with unique members. */
  | { kind: 'json_malformed'; part: 'header' | 'payload' }
  /** The header has a member that changes what is verified, such as `jwk` or `crit`. */
  | { kind: 'header_member_refused'; member: string }
  /** A claim is missing or has another type. */
  | { kind: 'claim_malformed'; claim: string }
  | { kind: 'lifetime_too_long'; lifetime: number; max: number }

/** The token is not one that this verifier trusts. */
type TrustReason =
  /** The token is bound to a key (`cnf`, RFC 7800), and possession cannot be verified. */
  | { kind: 'proof_of_possession_required' }
  | { kind: 'algorithm_not_allowed'; expected: readonly string[]; actual: string | null }
  /** `typ` (RFC 9068 §2.1). */
  | { kind: 'type_unexpected'; expected: readonly string[]; actual: string | null }
  | { kind: 'key_id_missing' }
  /** The issuer has no key with this `kid` for this algorithm. */
  | { kind: 'key_unknown'; kid: string; algorithm: string }
  | { kind: 'signature_invalid'; kid: string; algorithm: string }
  | { kind: 'issuer_mismatch'; expected: string; actual: string }
  | { kind: 'audience_mismatch'; expected: string; actual: string | null }

/** The token is out of its time, by the clock of this server unless the kind names another. */
type TimeReason =
  | { kind: 'expired'; expiresAt: number; now: number; tolerance: number }
  /** Expired by the time of the issuer's list: rules over this token may have been dropped. */
  | { kind: 'expired_by_list'; expiresAt: number; droppedBefore: number }
  | { kind: 'issued_in_future'; issuedAt: number; now: number; tolerance: number }
  | { kind: 'not_yet_valid'; notBefore: number; now: number; tolerance: number }

/**
 * The token is revoked; `rule` is the value of the rule in the list, for runs and workspaces a
 * hash.
 */
type RevocationReason =
  | { kind: 'jti_revoked'; rule: string }
  | { kind: 'run_revoked'; rule: string }
  | { kind: 'client_revoked'; rule: string }
  | { kind: 'plugin_revoked'; rule: string }
  | { kind: 'workspace_revoked'; rule: string }
  | { kind: 'key_revoked'; rule: string }
  /** The application's own revocation source gave another answer than `false`. */
  | { kind: 'revoked_by_source' }

/** The token does not allow this request. */
type RequirementReason =
  | { kind: 'permission_missing'; expected: string; actual: string }
  /** Null where the request names no plugin. */
  | { kind: 'plugin_missing'; expected: string | null }
  | { kind: 'plugin_mismatch'; expected: string | null; actual: string }
  /** The token names a plugin where `noPlugin` is required. */
  | { kind: 'plugin_unexpected'; actual: string | null }
  /** `runs` is the number of runs that the token names. */
  | { kind: 'endpoint_denied'; endpoint: string; runs: number }
  | { kind: 'operation_denied'; endpoint: string; operation: string }
  | { kind: 'capability_missing'; capability: string; plugin: string | null }
  /** `missing` is the first member that no authorization detail grants. */
  | ({ kind: 'authorization_denied'; missing: 'type' | 'identifier' | 'action' | 'part' } & Wanted)
  /** `fitting` is the number of authorization details that grant it. */
  | ({ kind: 'authorization_ambiguous'; fitting: number } & Wanted)

type Wanted = { type: string; identifier: string; action: string; part: string | null }

/** No decision is possible. `cause` of the error has the failure. */
type UnavailableReason =
  /** `failure` is the code of the `KeysFailure`; null where no keys came in time. */
  | { kind: 'keys_unavailable'; failure: string | null }
  /** `age` is null before the first list. */
  | { kind: 'list_stale'; age: number | null; maxStaleness: number }
  /** The application's own revocation source threw, or did not answer in time. */
  | { kind: 'source_failed' }

type Kind = Exclude<VerificationReason['kind'], 'unspecified'>

/** The code of each reason. A reason without a row does not compile. */
export const CODE_OF_REASON: { readonly [K in Kind]: VerificationCode } = {
  token_missing: 'token_missing',
  token_not_text: 'token_malformed',
  token_too_long: 'token_malformed',
  not_a_jws: 'token_malformed',
  part_malformed: 'token_malformed',
  json_malformed: 'token_malformed',
  header_member_refused: 'token_malformed',
  claim_malformed: 'token_malformed',
  lifetime_too_long: 'token_malformed',
  proof_of_possession_required: 'token_untrusted',
  algorithm_not_allowed: 'token_untrusted',
  type_unexpected: 'token_untrusted',
  key_id_missing: 'token_untrusted',
  key_unknown: 'token_untrusted',
  signature_invalid: 'token_untrusted',
  issuer_mismatch: 'token_untrusted',
  audience_mismatch: 'token_untrusted',
  expired: 'token_expired',
  expired_by_list: 'token_expired',
  issued_in_future: 'token_not_yet_valid',
  not_yet_valid: 'token_not_yet_valid',
  jti_revoked: 'token_revoked',
  run_revoked: 'token_revoked',
  client_revoked: 'token_revoked',
  plugin_revoked: 'token_revoked',
  workspace_revoked: 'token_revoked',
  key_revoked: 'token_revoked',
  revoked_by_source: 'token_revoked',
  permission_missing: 'permission_missing',
  plugin_missing: 'plugin_missing',
  plugin_mismatch: 'plugin_mismatch',
  plugin_unexpected: 'plugin_mismatch',
  endpoint_denied: 'endpoint_denied',
  operation_denied: 'operation_denied',
  capability_missing: 'capability_missing',
  authorization_denied: 'authorization_denied',
  authorization_ambiguous: 'authorization_ambiguous',
  keys_unavailable: 'keys_unavailable',
  list_stale: 'revocations_stale',
  source_failed: 'revocations_stale',
}

/**
 * A JWT, whole or cut off (the base64url of `{"` begins with `ey`), or any other compact JWS with its signature. A dot may
 * be percent-encoded.
 */
const JWS = /ey[\w-]{8,}(?:\.|%2e)\S*|(?<![\w-])[\w-]{8,}(?:\.|%2e)[\w-]{8,}(?:\.|%2e)[\w-]{32,}/gi
/** Control, format, unassigned and private characters, lone surrogates, and separators of lines. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu
/** Characters that are examined: enough to recognize a JWT that begins near the end. */
const MAX_EXAMINED_CHARS = 4 * MAX_REASON_CHARS

const cleaned = (text: string): string => {
  const examined = text.slice(0, MAX_EXAMINED_CHARS)
  const clean = examined.replace(JWS, '[token]').replace(UNPRINTABLE, '\ufffd')
  const isWhole = clean.length <= MAX_REASON_CHARS && text.length <= MAX_EXAMINED_CHARS
  if (isWhole) return clean
  // A cut may leave half of a character behind.
  return `${clean.slice(0, MAX_REASON_CHARS - 1).replace(/\p{Cs}$/u, '')}…`
}

const cleanedValue = (value: unknown): unknown => {
  if (typeof value === 'string') return cleaned(value)
  return Array.isArray(value) ? Object.freeze(value.map(cleanedValue)) : value
}

/** Cleans all texts of a reason, and freezes it. */
export const cleanedReason = (reason: VerificationReason): VerificationReason => {
  const entries = Object.entries(reason).map(([name, value]) => [name, cleanedValue(value)])
  return Object.freeze(Object.fromEntries(entries) as VerificationReason)
}

/** A value of a claim as text: a string as it is, any other value as JSON; null without a value. */
export const textOfClaim = (value: unknown): string | null => {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

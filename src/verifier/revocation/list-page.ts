// Checks one page of the revocation list: a JWT that must not pass for an access token, nor an
// access token for it. Size, form, signature, type, issuer, audience and shape.
// list-state.ts checks that it fits the follower's copy.
import {
  LIST_ALGORITHM,
  MAX_LIST_BYTES,
  MAX_LIST_ENTRIES,
  MAX_LIST_HEADER_LENGTH,
} from '../constants.ts'
import type { KeyName, VerificationKey } from '../keys/jwk.ts'
import type { Bytes } from '../net/bytes.ts'
import { decodeBase64url } from '../token/base64url.ts'
import { parseJson } from '../token/json.ts'
import { parseProtectedHeader } from '../token/protected-header.ts'
import { GENERATION_KINDS, KINDS, type Rule } from './rules.ts'

export type RevocationList = {
  /** The key that signed the page. */
  readonly kid: string
  /** Seconds since the epoch. */
  readonly iat: number
  readonly exp: number
  readonly epoch: string
  /**
   * `<epoch>.<16 digits>`, followed by `~` where more pages follow: cursors of one epoch compare as
   * text.
   */
  readonly cursor: string
  /** The cursor behind which the page begins; null where the page does not name it. */
  readonly after: string | null
  /** True if the page begins the whole list. */
  readonly full: boolean
  /** True if further pages follow, to be requested at once. */
  readonly more: boolean
  readonly rules: readonly Rule[]
}

/** A list is refused. The message names the failed check and repeats nothing from the list. */
export class ListRefused extends Error {
  override readonly name = 'ListRefused'
}

/** RFC 7515 §4.1.9 allows the prefix to be omitted. */
const TYPES: readonly unknown[] = ['revocations+jwt', 'application/revocations+jwt']

const NO_LIST = 'this is not a revocation list'
const BAD_FORM = 'the list’s signature or form is not good'
const OTHER_SHAPE = 'the list has another shape'

type Members = Record<string, unknown>

type Trust = {
  /** `iss` and `aud` of the list. */
  uri: string
  /** Finds the issuer's key with this name; null where the issuer has none. */
  findKey: (name: KeyName) => Promise<VerificationKey | null>
}

/** @throws ListRefused, and what `findKey` throws */
export const readList = async (jws: Bytes, { uri, findKey }: Trust): Promise<RevocationList> => {
  if (jws.length > MAX_LIST_BYTES) throw new ListRefused('the list is too long')
  const compact = split(jws)
  const { kid, after } = readHeader(compact.header)
  const key = await findKey({ kid, algorithm: LIST_ALGORITHM })
  if (key === null) throw new ListRefused('the list’s key is not known')
  await verify(compact, key)
  const claims = parseClaims(compact.payload)
  const { iss, aud } = claims
  // A list has no subject, so that no reader mistakes it for a statement about a client.
  if (iss !== uri || aud !== uri || 'sub' in claims) throw new ListRefused('not the issuer’s list')
  return { kid, after, ...readClaims(claims) }
}

/** The decoded parts of a compact JWS, and the signed bytes. */
type CompactJws = { header: Bytes; payload: Bytes; signature: Bytes; signed: Bytes }

const DOT = 0x2e

/** Splits a compact JWS (RFC 7515 §7.1). Each part must be canonical base64url. */
const split = (jws: Bytes): CompactJws => {
  const firstDot = jws.indexOf(DOT)
  const lastDot = jws.lastIndexOf(DOT)
  if (firstDot < 1 || firstDot > MAX_LIST_HEADER_LENGTH) throw new ListRefused(NO_LIST)
  const header = decodeBase64url(jws.subarray(0, firstDot))
  // A third dot would lie in the payload, whose alphabet has none.
  const payload = decodeBase64url(jws.subarray(firstDot + 1, Math.max(firstDot + 1, lastDot)))
  const signature = decodeBase64url(jws.subarray(lastDot + 1))
  if (header === null || !payload?.length || !signature?.length) throw new ListRefused(BAD_FORM)
  const signed = new Uint8Array(jws.buffer, jws.byteOffset, lastDot)
  return { header, payload, signature, signed }
}

const readHeader = (bytes: Bytes): Pick<RevocationList, 'kid' | 'after'> => {
  const { alg, typ, kid, after = null } = parseProtectedHeader(bytes).header ?? {}
  if (alg !== LIST_ALGORITHM || !TYPES.includes(typ) || typeof kid !== 'string' || kid === '') {
    throw new ListRefused(NO_LIST)
  }
  if (after !== null && typeof after !== 'string') throw new ListRefused(OTHER_SHAPE)
  return { kid, after }
}

/**
 * Verifies the signature with the platform, over the bytes as received. jose would decode and copy
 * the page first, which takes ten times as long as the signature: a page has half a megabyte, a
 * token two kilobytes.
 */
const verify = async ({ signature, signed }: CompactJws, key: VerificationKey): Promise<void> => {
  const refuse = (cause?: unknown): never => {
    throw new ListRefused(BAD_FORM, { cause })
  }
  // RFC 7518 §3.3. The key was imported for RS256, which fixes the hash.
  const name = 'RSASSA-PKCS1-v1_5'
  const good = await crypto.subtle.verify(name, key.key, signature, signed).catch(refuse)
  if (good !== true) refuse()
}

/**
 * Does not check that members are unique: that costs more than all else, and the issuer has signed
 * each of them.
 */
const parseClaims = (payload: Bytes): Members => {
  try {
    const claims = parseJson(payload)
    if (typeof claims === 'object' && claims !== null) return claims as Members
  } catch {
    // The payload is not JSON.
  }
  throw new ListRefused(BAD_FORM)
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value)
const isEpoch = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(value)

const isCursorOf = (epoch: string, value: unknown): value is string =>
  typeof value === 'string' &&
  value.startsWith(`${epoch}.`) &&
  /^\d{16}~?$/.test(value.slice(epoch.length + 1))

const readClaims = (claims: Members): Omit<RevocationList, 'kid' | 'after'> => {
  const { iat, exp, epoch, cursor, full, more, entries } = claims
  if (
    !isTime(iat) ||
    !isTime(exp) ||
    !isEpoch(epoch) ||
    !isCursorOf(epoch, cursor) ||
    typeof full !== 'boolean' ||
    typeof more !== 'boolean' ||
    !Array.isArray(entries) ||
    entries.length > MAX_LIST_ENTRIES
  ) {
    throw new ListRefused(OTHER_SHAPE)
  }
  return { iat, exp, epoch, cursor, full, more, rules: readEntries(entries) }
}

const SUPPORTED: readonly unknown[] = KINDS
const WITH_GENERATION: readonly unknown[] = GENERATION_KINDS

/**
 * Skips entries of an unknown kind: a newer server may add kinds whose meaning this release cannot
 * guess.
 */
const readEntries = (entries: readonly unknown[]): Rule[] => {
  const rules: Rule[] = []
  for (const entry of entries) if (isRule(entry)) rules.push(entry)
  return rules
}

/** @throws ListRefused for a supported kind in another shape, and for an entry without a kind */
const isRule = (entry: unknown): entry is Rule => {
  const { kind, value, gen, exp } = (entry ?? {}) as Members
  if (typeof kind !== 'string') throw new ListRefused('an entry has no kind')
  if (!SUPPORTED.includes(kind)) return false
  if (
    typeof value !== 'string' ||
    !(exp === null || isTime(exp)) ||
    (WITH_GENERATION.includes(kind) && !Number.isSafeInteger(gen))
  ) {
    throw new ListRefused('an entry has another shape')
  }
  return true
}

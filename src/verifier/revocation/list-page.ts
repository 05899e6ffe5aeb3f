// One page of the revocation list: a JWT that must not be taken for an access token, nor the other way round.
// Size, form, signature, type, issuer, audience and shape; whether it fits what is known is list-state.ts.
import type { Bytes } from '../net/bytes.ts'
import { decodeBase64url } from '../token/base64url.ts'
import {
  LIST_ALGORITHM,
  MAX_LIST_BYTES,
  MAX_LIST_ENTRIES,
  MAX_LIST_HEADER_LENGTH,
} from '../constants.ts'
import type { KeyName, VerificationKey } from '../keys/jwk.ts'
import { parseProtectedHeader } from '../token/protected-header.ts'
import { parseJson } from '../token/json.ts'
import { GENERATION_KINDS, KINDS, type Rule } from './rules.ts'

export type RevocationList = {
  /** The key that signed it. */
  readonly kid: string
  /** Seconds since the epoch. */
  readonly iat: number
  readonly exp: number
  readonly epoch: string
  /** `<epoch>.<16 digits>`, a `~` behind it where more is to come: within an epoch cursors compare as text. */
  readonly cursor: string
  /** Where it begins, if it says so: what came before is not in it. */
  readonly after: string | null
  /** Starts anew, from the beginning. */
  readonly full: boolean
  /** Goes on: the rest is asked for at once. */
  readonly more: boolean
  readonly rules: readonly Rule[]
}

/** A list that is not believed. The message says why, and nothing that the list says. */
export class ListRefused extends Error {
  override readonly name = 'ListRefused'
}

/** RFC 7515 §4.1.9 lets the prefix be left out. */
const TYPES: readonly unknown[] = ['revocations+jwt', 'application/revocations+jwt']

const NO_LIST = 'this is not a revocation list'
const BAD_FORM = 'the list’s signature or form is not good'
const OTHER_SHAPE = 'the list has another shape'

type Members = Record<string, unknown>

type Trust = {
  /** `iss` and `aud` of the list. */
  uri: string
  /** The issuer's key with this name; null where it has none. */
  findKey: (name: KeyName) => Promise<VerificationKey | null>
}

/** @throws ListRefused, and what `findKey` throws */
export const readList = async (jws: Bytes, { uri, findKey }: Trust): Promise<RevocationList> => {
  if (jws.length > MAX_LIST_BYTES) throw new ListRefused('the list is too long')
  const parts = split(jws)
  const { kid, after } = readHeader(parts.header)
  const key = await findKey({ kid, algorithm: LIST_ALGORITHM })
  if (key === null) throw new ListRefused('the list’s key is not known')
  await verify(parts, key)
  const claims = parseClaims(parts.payload)
  const { iss, aud } = claims
  // No subject: nothing here is about a client (and nothing may read it as if it were).
  if (iss !== uri || aud !== uri || 'sub' in claims) throw new ListRefused('not the issuer’s list')
  return { kid, after, ...readClaims(claims) }
}

type Parts = { header: Bytes; payload: Bytes; signature: Bytes; signed: Bytes }

const DOT = 0x2e

/** RFC 7515 §7.1: three parts, each spelled in the one way that there is. */
const split = (jws: Bytes): Parts => {
  const [first, last] = [jws.indexOf(DOT), jws.lastIndexOf(DOT)]
  if (first < 1 || first > MAX_LIST_HEADER_LENGTH) throw new ListRefused(NO_LIST)
  const header = decodeBase64url(jws.subarray(0, first))
  // No dot is in the alphabet: the payload has none in it.
  const payload = decodeBase64url(jws.subarray(first + 1, Math.max(first + 1, last)))
  const signature = decodeBase64url(jws.subarray(last + 1))
  if (header === null || !payload?.length || !signature?.length) throw new ListRefused(BAD_FORM)
  const signed = new Uint8Array(jws.buffer, jws.byteOffset, last)
  return { header, payload, signature, signed }
}

const readHeader = (bytes: Bytes): Pick<RevocationList, 'kid' | 'after'> => {
  const { alg, typ, kid, after = null } = parseProtectedHeader(bytes) ?? {}
  if (alg !== LIST_ALGORITHM || !TYPES.includes(typ) || typeof kid !== 'string' || kid === '') {
    throw new ListRefused(NO_LIST)
  }
  if (after !== null && typeof after !== 'string') throw new ListRefused(OTHER_SHAPE)
  return { kid, after }
}

/**
 * By the platform, over the bytes as they came. jose decodes and copies the page again before it asks the platform, for
 * ten times the price of the signature: tokens are short, a page has half a megabyte.
 */
const verify = async ({ signature, signed }: Parts, { key }: VerificationKey): Promise<void> => {
  const refuse = (cause?: unknown): never => {
    throw new ListRefused(BAD_FORM, { cause })
  }
  // RFC 7518 §3.3. The hash is the key's own, which was imported for this algorithm.
  const name = 'RSASSA-PKCS1-v1_5'
  const good = await crypto.subtle.verify(name, key, signature, signed).catch(refuse)
  if (good !== true) refuse()
}

/** Not all members are unique, perhaps: to look costs more than all else, and the issuer has signed each of them. */
const parseClaims = (payload: Bytes): Members => {
  try {
    const claims = parseJson(payload)
    if (typeof claims === 'object' && claims !== null) return claims as Members
  } catch {
    // is no JSON
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

const KNOWN: readonly unknown[] = KINDS
const COUNTED: readonly unknown[] = GENERATION_KINDS

/** Of the entries those whose kind is known: what another one of a newer server means can only be guessed at. */
const readEntries = (entries: readonly unknown[]): Rule[] => {
  const rules: Rule[] = []
  for (const entry of entries) if (isRule(entry)) rules.push(entry)
  return rules
}

/** @throws ListRefused for a known kind in another shape, and for an entry without any */
const isRule = (entry: unknown): entry is Rule => {
  const { kind, value, gen, exp } = (entry ?? {}) as Members
  if (typeof kind !== 'string') throw new ListRefused('an entry has no kind')
  if (!KNOWN.includes(kind)) return false
  if (
    typeof value !== 'string' ||
    !(exp === null || isTime(exp)) ||
    (COUNTED.includes(kind) && !Number.isSafeInteger(gen))
  ) {
    throw new ListRefused('an entry has another shape')
  }
  return true
}

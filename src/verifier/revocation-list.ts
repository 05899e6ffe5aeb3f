// One page of the revocation list: a JWT that must not be taken for an access token, nor the other way round.
// Size, form, signature, type, issuer, audience and shape; whether it fits what is known is list-state.ts.
import { compactVerify } from 'jose'
import { MAX_LIST_BYTES, MAX_LIST_ENTRIES, MAX_LIST_HEADER_LENGTH } from './constants.ts'
import type { KeyName, VerificationKey } from './jwk.ts'
import { GENERATION_KINDS, KINDS, type Rule, type RuleKind } from './rules.ts'

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
/** The list's own algorithm, whatever tokens are signed with. */
export const LIST_ALGORITHM = 'RS256'

type Members = Record<string, unknown>

type Trust = {
  /** `iss` and `aud` of the list. */
  uri: string
  /** The issuer's key with this name; null where it has none. */
  findKey: (name: KeyName) => Promise<VerificationKey | null>
}

/** @throws ListRefused, and what `findKey` throws */
export const readList = async (text: string, { uri, findKey }: Trust): Promise<RevocationList> => {
  if (text.length > MAX_LIST_BYTES) throw new ListRefused('the list is too long')
  const { kid, after } = readHeader(text)
  const key = await findKey({ kid, algorithm: LIST_ALGORITHM })
  if (key === null) throw new ListRefused('the list’s key is not known')
  const payload = await verify(text, key)
  const { iss, aud } = payload
  // No subject: nothing here is about a client (and nothing may read it as if it were).
  if (iss !== uri || aud !== uri || 'sub' in payload) throw new ListRefused('not the issuer’s list')
  return { kid, after, ...readPayload(payload) }
}

const readHeader = (text: string): Pick<RevocationList, 'kid' | 'after'> => {
  const end = text.indexOf('.')
  const header = end > 0 && end <= MAX_LIST_HEADER_LENGTH ? decodeHeader(text.slice(0, end)) : {}
  const { alg, typ, kid, after = null } = header
  if (alg !== LIST_ALGORITHM || !TYPES.includes(typ) || typeof kid !== 'string' || kid === '') {
    throw new ListRefused('this is not a revocation list')
  }
  if (after !== null && typeof after !== 'string')
    throw new ListRefused('the list has another shape')
  return { kid, after }
}

/** What jose then verifies is read by jose again: this one finds the key, and says what kind of thing it is. */
const decodeHeader = (part: string): Members => {
  try {
    const header: unknown = JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')))
    return typeof header === 'object' && header !== null ? (header as Members) : {}
  } catch {
    return {}
  }
}

const verify = async (text: string, { key }: VerificationKey): Promise<Members> => {
  try {
    const { payload, protectedHeader } = await compactVerify(text, key, {
      algorithms: [LIST_ALGORITHM],
    })
    if (!TYPES.includes(protectedHeader.typ)) throw new Error('another type')
    const members: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    if (typeof members !== 'object' || members === null) throw new Error('no object')
    return members as Members
  } catch (cause) {
    throw new ListRefused('the list’s signature or form is not good', { cause })
  }
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value)
const isEpoch = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(value)

const isCursorOf = (epoch: string, value: unknown): value is string =>
  typeof value === 'string' &&
  value.startsWith(`${epoch}.`) &&
  /^\d{16}~?$/.test(value.slice(epoch.length + 1))

const readPayload = (payload: Members): Omit<RevocationList, 'kid' | 'after'> => {
  const { iat, exp, epoch, cursor, full, more, entries } = payload
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
    throw new ListRefused('the list has another shape')
  }
  return { iat, exp, epoch, cursor, full, more, rules: entries.flatMap(readEntry) }
}

const KNOWN: readonly unknown[] = KINDS
const COUNTED: readonly unknown[] = GENERATION_KINDS

/** None for a kind of a newer server's: what it means can only be guessed at. */
const readEntry = (entry: unknown): Rule[] => {
  const { kind, value, gen, exp } = (entry ?? {}) as Members
  if (typeof kind !== 'string') throw new ListRefused('an entry has no kind')
  if (!KNOWN.includes(kind)) return []
  const counts = COUNTED.includes(kind)
  if (
    typeof value !== 'string' ||
    !(exp === null || isTime(exp)) ||
    (counts && !Number.isSafeInteger(gen))
  ) {
    throw new ListRefused('an entry has another shape')
  }
  const rule = {
    kind: kind as RuleKind,
    value,
    gen: counts ? Number(gen) : 0,
    exp: exp ?? Infinity,
  }
  return [rule]
}

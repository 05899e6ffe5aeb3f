// Granted authorization details, prepared once so that a request costs time in proportion to its own length,
// however many entries are granted and however long their lists are. Pure: no I/O.
import { MAX_TOKEN_BYTES } from '../constants.ts'
import { ANY, TOOL_RUN, canonicalValue } from './details.ts'
import type { AuthorizationDetail, DetailScalar } from '../store/store.ts'

/** Granted entries as a set of bits: bit i is the i-th entry. */
type Entries = bigint

/** Which entries allow what in one member. */
type Member = {
  /** Any value. */
  any: Entries
  /** A list, with nothing in it at least. */
  list: Entries
  inList: Map<DetailScalar, Entries>
  scalar: Map<DetailScalar, Entries>
}

/** A member of a granted entry: `text` is a number that equal values share, `chars` the length of the text. */
type Value = { text: number; chars: number }

type Prepared = {
  granted: readonly AuthorizationDetail[]
  all: Entries
  members: Map<string, Member>
  values: Map<string, Value>[]
  /** The number of a value's canonical text. */
  texts: Map<string, number>
}

const remembered = new WeakMap<readonly AuthorizationDetail[], Prepared>()

/** Remembered with the array, which is never changed: token requests read the same one until a commit. */
const preparedOf = (granted: readonly AuthorizationDetail[]): Prepared => {
  const known = remembered.get(granted)
  if (known !== undefined) return known
  const prepared = prepare(granted)
  remembered.set(granted, prepared)
  return prepared
}

const prepare = (granted: readonly AuthorizationDetail[]): Prepared => {
  const members = new Map<string, Member>()
  const texts = new Map<string, number>()
  const values = granted.map((entry, i) => {
    const own = new Map<string, Value>()
    for (const name of Object.keys(entry)) {
      addTo(memberOf(members, name), entry[name], 1n << BigInt(i))
      const text = canonicalValue(entry[name])
      const number = texts.get(text) ?? texts.size
      texts.set(text, number)
      own.set(name, { text: number, chars: charsOf(name, text) })
    }
    return own
  })
  return { granted, all: (1n << BigInt(granted.length)) - 1n, members, values, texts }
}

const memberOf = (members: Map<string, Member>, name: string): Member => {
  const known = members.get(name)
  if (known !== undefined) return known
  const member: Member = { any: 0n, list: 0n, inList: new Map(), scalar: new Map() }
  members.set(name, member)
  return member
}

const addTo = (member: Member, value: AuthorizationDetail[string] | undefined, bit: Entries) => {
  const add = (map: Map<DetailScalar, Entries>, key: DetailScalar) =>
    map.set(key, (map.get(key) ?? 0n) | bit)
  if (value === ANY) member.any |= bit
  else if (typeof value !== 'object') add(member.scalar, value ?? '')
  else {
    member.list |= bit
    for (const item of value) add(member.inList, item)
  }
}

/** Characters of `"name":value,` at least; the escapes of a list's canonical text are not counted on. */
const charsOf = (name: string, text: string): number => name.length + text.length / 2

/**
 * The granted entries that this one narrows: same type; a list is a part of the granted one, a scalar is equal,
 * `"*"` allows any value.
 */
const fitting = ({ all, members }: Prepared, asked: AuthorizationDetail): Entries => {
  let fits = all
  for (const name of Object.keys(asked)) {
    const member = members.get(name)
    if (fits === 0n || member === undefined) return 0n
    fits &= member.any | allowing(member, asked[name])
  }
  return fits
}

const allowing = (member: Member, value: AuthorizationDetail[string] | undefined): Entries => {
  if (typeof value !== 'object') return member.scalar.get(value ?? '') ?? 0n
  let entries = member.list
  for (const item of value) {
    if (entries === 0n) break
    entries &= member.inList.get(item) ?? 0n
  }
  return entries
}

const indicesOf = (entries: Entries): number[] => {
  const digits = entries.toString(2)
  const indices: number[] = []
  for (let i = 0; i < digits.length; i++) if (digits[digits.length - 1 - i] === '1') indices.push(i)
  return indices
}

/**
 * True if an entry as it stands gives no more than a granted one. Unlike a request it has to name every
 * member: its holder has nothing to copy from, and a limit that is left out would be gone.
 */
export const isHeld = (
  granted: readonly AuthorizationDetail[],
  entry: AuthorizationDetail,
): boolean => {
  const prepared = preparedOf(granted)
  return indicesOf(fitting(prepared, entry)).some(
    (i) =>
      // A fitting entry has each member of `entry`, so equal counts are equal names.
      Object.keys(entry).length === prepared.values[i]?.size,
  )
}

type Refusal =
  | 'details_not_granted'
  | 'details_ambiguous'
  | 'details_repeated'
  | 'details_too_long'
  | 'run_not_named'
  | 'resource_not_named'

/** `entry` is the one that is refused, as it is asked for. */
export type Narrowing =
  { details: AuthorizationDetail[] } | { refused: Refusal; entry: AuthorizationDetail }

/** Each entry that is asked for, narrowed from the one granted entry that it fits. */
export const narrowDetails = (
  granted: readonly AuthorizationDetail[],
  asked: readonly AuthorizationDetail[],
): Narrowing => {
  const prepared = preparedOf(granted)
  const details = new Map<string, AuthorizationDetail>()
  let chars = 0
  for (const wish of asked) {
    const narrowed = narrowDetail(prepared, wish)
    if ('refused' in narrowed) return { ...narrowed, entry: wish }
    if (details.has(narrowed.text)) return { refused: 'details_repeated', entry: wish }
    const { entry } = narrowed
    // A resource server compares ids: "any" would reach beyond the client's workspace.
    if (entry['identifier'] === ANY) {
      const refused = entry.type === TOOL_RUN ? 'run_not_named' : 'resource_not_named'
      return { refused, entry: wish }
    }
    details.set(narrowed.text, entry)
    chars += narrowed.chars
    // No token can carry them, and nothing that is longer is looked at any further.
    if (chars > MAX_TOKEN_BYTES) return { refused: 'details_too_long', entry: wish }
  }
  return { details: [...details.values()] }
}

type Narrowed = { entry: AuthorizationDetail; text: string; chars: number }

/** A member that is left out is copied from the grant. */
const narrowDetail = (
  prepared: Prepared,
  wish: AuthorizationDetail,
): Narrowed | { refused: Refusal } => {
  const indices = indicesOf(fitting(prepared, wish))
  const last = indices.at(-1)
  if (last === undefined) return { refused: 'details_not_granted' }
  const values = prepared.values[last] ?? new Map<string, Value>()
  const same = indices.every((i) => leavesTheSame(prepared.values[i], values, wish))
  if (!same) return { refused: 'details_ambiguous' }
  return { entry: { ...prepared.granted[last], ...wish }, ...textOf(prepared, values, wish) }
}

/** True if two granted entries that fit give the same result: equal in every member that the request leaves out. */
const leavesTheSame = (
  one: ReadonlyMap<string, Value> | undefined,
  other: ReadonlyMap<string, Value>,
  wish: AuthorizationDetail,
): boolean => {
  if (one === other) return true
  if (one?.size !== other.size) return false
  for (const [name, { text }] of other) {
    const found = one.get(name)
    if (found === undefined || (found.text !== text && !Object.hasOwn(wish, name))) return false
  }
  return true
}

/** Equal for entries that mean the same, without the text of what is copied from the grant. */
const textOf = (
  { texts }: Prepared,
  values: ReadonlyMap<string, Value>,
  wish: AuthorizationDetail,
): { text: string; chars: number } => {
  let chars = 0
  const parts = [...values.keys()].sort().map((name) => {
    const copied = values.get(name)
    if (!Object.hasOwn(wish, name)) {
      chars += copied?.chars ?? 0
      return [name, copied?.text]
    }
    const text = canonicalValue(wish[name])
    chars += charsOf(name, text)
    return [name, texts.get(text) ?? text]
  })
  return { text: JSON.stringify(parts), chars }
}

/** A member that no granted entry allows, and the values of it that are refused. */
export type RefusedMember = { name: string; values: readonly DetailScalar[] }

/**
 * Finds the member for which no granted entry is left: the type first, then the identifier, then the others as sent.
 * @returns null for an entry that narrows a granted one
 */
export const refusedMember = (
  granted: readonly AuthorizationDetail[],
  asked: AuthorizationDetail,
): RefusedMember | null => {
  const { all, members } = preparedOf(granted)
  let fits = all
  const names = new Set(['type', 'identifier', ...Object.keys(asked)])
  for (const name of names) {
    if (!Object.hasOwn(asked, name)) continue
    const member = members.get(name)
    const left = member === undefined ? 0n : fits & (member.any | allowing(member, asked[name]))
    if (left === 0n) return { name, values: refusedValues(asked[name], fits, member) }
    fits = left
  }
  return null
}

/** The items of a list that no entry allows; all where each is allowed, but by different entries. */
const refusedValues = (
  value: AuthorizationDetail[string] | undefined,
  fits: Entries,
  member: Member | undefined,
): readonly DetailScalar[] => {
  if (typeof value !== 'object') return value === undefined ? [] : [value]
  const isRefused = (item: DetailScalar): boolean =>
    (fits & ((member?.any ?? 0n) | (member?.inList.get(item) ?? 0n))) === 0n
  const refused = value.filter(isRefused)
  return refused.length > 0 ? refused : value
}

// Granted authorization details, prepared once so that a request costs time in proportion to its own length: the
// number of granted entries and the length of their lists do not matter. Pure: no I/O.
import { MAX_TOKEN_BYTES } from '../constants.ts'
import { ANY, TOOL_RUN, canonicalValue } from './details.ts'
import type { AuthorizationDetail, DetailScalar } from '../store/store.ts'

/** Granted entries as a set of bits: bit i is the i-th entry. */
type Entries = bigint

/** The entries that allow a value in one member. */
type Member = {
  /** Entries that allow any value. */
  any: Entries
  /** Entries with a list: they allow the empty list at least. */
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

/** Caches by the array, which is immutable: token requests read the same array until a commit. */
const preparedOf = (granted: readonly AuthorizationDetail[]): Prepared => {
  const cached = remembered.get(granted)
  if (cached !== undefined) return cached
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
  const existing = members.get(name)
  if (existing !== undefined) return existing
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

/** Lower bound of the characters of `"name":value,`: half of the canonical text, because that escapes a list twice. */
const charsOf = (name: string, text: string): number => name.length + text.length / 2

/**
 * The granted entries that an entry narrows: the type is the same, a list is part of the granted list, a scalar is
 * equal, and `"*"` in the grant allows any value.
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
 * True if an entry gives no more than a granted one. It has to contain every member of that one, unlike a request: a
 * missing member of a request is copied from the grant, and a missing limit of a grant would be no limit.
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

/** `entry` is the refused entry, as the client sent it. */
export type Narrowing =
  { details: AuthorizationDetail[] } | { refused: Refusal; entry: AuthorizationDetail }

/** Narrows each requested entry from the one granted entry that it fits. */
export const narrowDetails = (
  granted: readonly AuthorizationDetail[],
  requested: readonly AuthorizationDetail[],
): Narrowing => {
  const prepared = preparedOf(granted)
  const details = new Map<string, AuthorizationDetail>()
  let chars = 0
  for (const request of requested) {
    const narrowed = narrowDetail(prepared, request)
    if ('refused' in narrowed) return { ...narrowed, entry: request }
    if (details.has(narrowed.text)) return { refused: 'details_repeated', entry: request }
    const { entry } = narrowed
    // A resource server compares ids, so "any" would include resources of other workspaces.
    if (entry['identifier'] === ANY) {
      const refused = entry.type === TOOL_RUN ? 'run_not_named' : 'resource_not_named'
      return { refused, entry: request }
    }
    details.set(narrowed.text, entry)
    chars += narrowed.chars
    // No token has room for them, so the rest of the request is not read.
    if (chars > MAX_TOKEN_BYTES) return { refused: 'details_too_long', entry: request }
  }
  return { details: [...details.values()] }
}

type Narrowed = { entry: AuthorizationDetail; text: string; chars: number }

/** Narrows one entry. Copies a missing member from the grant. */
const narrowDetail = (
  prepared: Prepared,
  request: AuthorizationDetail,
): Narrowed | { refused: Refusal } => {
  const indices = indicesOf(fitting(prepared, request))
  const last = indices.at(-1)
  if (last === undefined) return { refused: 'details_not_granted' }
  const values = prepared.values[last] ?? new Map<string, Value>()
  const same = indices.every((i) => leavesTheSame(prepared.values[i], values, request))
  if (!same) return { refused: 'details_ambiguous' }
  return { entry: { ...prepared.granted[last], ...request }, ...textOf(prepared, values, request) }
}

/** True if two fitting entries give the same result: they are equal in every member that the request leaves out. */
const leavesTheSame = (
  one: ReadonlyMap<string, Value> | undefined,
  other: ReadonlyMap<string, Value>,
  request: AuthorizationDetail,
): boolean => {
  if (one === other) return true
  if (one?.size !== other.size) return false
  for (const [name, { text }] of other) {
    const found = one.get(name)
    if (found === undefined || (found.text !== text && !Object.hasOwn(request, name))) return false
  }
  return true
}

/** A text that is equal for entries of the same meaning. It has numbers in place of the texts of copied members. */
const textOf = (
  { texts }: Prepared,
  values: ReadonlyMap<string, Value>,
  request: AuthorizationDetail,
): { text: string; chars: number } => {
  let chars = 0
  const parts = [...values.keys()].sort().map((name) => {
    const copied = values.get(name)
    if (!Object.hasOwn(request, name)) {
      chars += copied?.chars ?? 0
      return [name, copied?.text]
    }
    const text = canonicalValue(request[name])
    chars += charsOf(name, text)
    return [name, texts.get(text) ?? text]
  })
  return { text: JSON.stringify(parts), chars }
}

/** A member that no granted entry allows, and its refused values. */
export type RefusedMember = { name: string; values: readonly DetailScalar[] }

/**
 * Finds the member that leaves no granted entry: checks the type, then the identifier, then the others as sent.
 * @returns null for an entry that narrows a granted one
 */
export const refusedMember = (
  granted: readonly AuthorizationDetail[],
  requested: AuthorizationDetail,
): RefusedMember | null => {
  const { all, members } = preparedOf(granted)
  let fits = all
  const names = new Set(['type', 'identifier', ...Object.keys(requested)])
  for (const name of names) {
    if (!Object.hasOwn(requested, name)) continue
    const member = members.get(name)
    const left = member === undefined ? 0n : fits & (member.any | allowing(member, requested[name]))
    if (left === 0n) return { name, values: refusedValues(requested[name], fits, member) }
    fits = left
  }
  return null
}

/** The items of a list that no entry allows. All items where each is allowed, but by different entries. */
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

// The ids of revoked tokens, a million of them in little memory: 128-bit values in a hash table
// with open addressing and linear probing. The whole value is stored and compared, so that a rule
// matches no other token. Pure.
//
// The issuer's ids are random, so that their own bits spread them over the slots. The limit on
// rules for one client stops an attacker who collects tokens with similar ids.
import { SIX_BITS } from '../token/base64url.ts'

/**
 * When a rule for a token may be dropped, in seconds since the epoch; Infinity for a rule without
 * an end.
 */
type Expiry = number

export type JtiTable = {
  /** Adds a rule. The later expiry wins. */
  add(jti: string, expiry: Expiry): void
  has(jti: string): boolean
  /**
   * Removes rules that expired before `before`. Looks at `slots` values at most. The next call continues
   * behind them.
   */
  sweep(before: number, slots: number): void
  readonly size: number
}

const MIN_SLOTS = 1024
/** Words of a slot, side by side: four for the value, one for the expiry. */
const SLOT_WORDS = 5
const EXPIRY = 4
/** Expiry of an empty slot. No token expired in 1970. */
const EMPTY = 0
/**
 * Expiry of a rule without an end, and of one that ends later than 32 bits can hold (the year
 * 2106).
 */
const NEVER = 0xffff_ffff
/** Shares of used slots: from the first on the table doubles, below the second it is halved. */
const MAX_LOAD = 0.75
const MIN_LOAD = 0.125

/** `count` is a power of two; `sweptTo` is the slot that the next sweep begins with. */
type Slots = { words: Int32Array; count: number; used: number; sweptTo: number }

export const createJtiTable = (): JtiTable => {
  const table = newSlots(MIN_SLOTS)
  /** Ids of another form. This project's servers issue none. */
  const others = new Map<string, Expiry>()
  return {
    add(jti, expiry) {
      if (table.used >= table.count * MAX_LOAD) resize(table, table.count * 2)
      if (readValue(jti)) put(table, expiryWord(expiry))
      else others.set(jti, Math.max(others.get(jti) ?? 0, expiry))
    },
    has: (jti) => (readValue(jti) ? expiryAt(table, find(table)) !== EMPTY : others.has(jti)),
    sweep(before, slots) {
      for (const [jti, expiry] of others) if (expiry < before) others.delete(jti)
      sweepSlots(table, before, slots)
      const isSparse = table.used < table.count * MIN_LOAD
      if (table.count > MIN_SLOTS && isSparse) resize(table, table.count / 2)
    },
    get size() {
      return table.used + others.size
    },
  }
}

const newSlots = (count: number): Slots => ({
  words: new Int32Array(SLOT_WORDS * count),
  count,
  used: 0,
  sweptTo: 0,
})

/** The value to find or to add. One array serves all calls, because no call awaits anything. */
const value = new Int32Array(4)

/**
 * Reads an id into `value`: four words of five characters, and for each word two bits of the last
 * two characters.
 * @returns false for an id that is not 128 bits in canonical base64url, whose last character has
 *   four unused bits
 */
const readValue = (jti: string): boolean => {
  if (jti.length !== 22) return false
  const last = sixBits(jti, 21)
  const tail = (sixBits(jti, 20) << 2) | (last >> 4)
  if (tail < 0 || (last & 0b1111) !== 0) return false
  for (let word = 0; word < 4; word++) {
    const bits = thirtyBits(jti, 5 * word)
    if (bits < 0) return false
    value[word] = bits | ((tail >> (2 * word)) << 30)
  }
  return true
}

const sixBits = (jti: string, at: number): number => SIX_BITS[jti.charCodeAt(at)] ?? -1

/** Five characters as 30 bits; negative where one is not in the alphabet. */
const thirtyBits = (jti: string, at: number): number => {
  const a = sixBits(jti, at)
  const b = sixBits(jti, at + 1)
  const c = sixBits(jti, at + 2)
  const d = sixBits(jti, at + 3)
  const e = sixBits(jti, at + 4)
  return (a | b | c | d | e) < 0 ? -1 : (a << 24) | (b << 18) | (c << 12) | (d << 6) | e
}

const expiryWord = (expiry: Expiry): number =>
  expiry >= NEVER ? NEVER : Math.max(Math.ceil(expiry), EMPTY + 1)

const expiryAt = ({ words }: Slots, slot: number): number =>
  words[SLOT_WORDS * slot + EXPIRY]! >>> 0

const after = ({ count }: Slots, slot: number): number => (slot + 1) & (count - 1)

/** The slot at which probing begins for the value at `words[at]`. */
const homeOf = ({ count }: Slots, words: Int32Array, at: number): number => {
  const ends = Math.imul(words[at]! ^ (words[at + 3]! >>> 15), 0x9e37_79b1)
  const mixed = ends ^ Math.imul(words[at + 1]! ^ (words[at + 2]! << 7), 0x85eb_ca6b)
  const spread = Math.imul(mixed ^ (mixed >>> 16), 0xc2b2_ae35)
  return (spread ^ (spread >>> 15)) & (count - 1)
}

const hasValueAt = ({ words }: Slots, slot: number): boolean => {
  const at = SLOT_WORDS * slot
  return (
    words[at] === value[0] &&
    words[at + 1] === value[1] &&
    words[at + 2] === value[2] &&
    words[at + 3] === value[3]
  )
}

/** The slot that holds `value`, or the empty slot for it. */
const find = (table: Slots): number => {
  let slot = homeOf(table, value, 0)
  while (expiryAt(table, slot) !== EMPTY && !hasValueAt(table, slot)) slot = after(table, slot)
  return slot
}

const put = (table: Slots, expiry: number): void => {
  const slot = find(table)
  const at = SLOT_WORDS * slot
  const current = expiryAt(table, slot)
  if (current === EMPTY) {
    for (let word = 0; word < EXPIRY; word++) table.words[at + word] = value[word]!
    table.used += 1
  }
  if (expiry > current) table.words[at + EXPIRY] = expiry
}

/**
 * Moves all rules to twice or half the slots, in one step. With 1.5 million values the largest such
 * step took 234 ms. Moving them little by little would need both tables, and a lookup in each of
 * them for every token.
 */
const resize = (table: Slots, count: number): void => {
  const { words: old, used } = table
  Object.assign(table, newSlots(count), { used })
  for (let at = 0; at < old.length; at += SLOT_WORDS) {
    if (old[at + EXPIRY] === EMPTY) continue
    // All values differ: the first empty slot is the right one.
    let slot = homeOf(table, old, at)
    while (expiryAt(table, slot) !== EMPTY) slot = after(table, slot)
    for (let word = 0; word < SLOT_WORDS; word++) {
      table.words[SLOT_WORDS * slot + word] = old[at + word]!
    }
  }
}

/**
 * Empties a slot, and moves later values back that probing would not reach past an empty slot. No
 * tombstones.
 */
const remove = (table: Slots, slot: number): void => {
  const { words, count } = table
  let hole = slot
  for (let at = after(table, hole); expiryAt(table, at) !== EMPTY; at = after(table, at)) {
    const home = homeOf(table, words, SLOT_WORDS * at)
    if (((at - home) & (count - 1)) < ((at - hole) & (count - 1))) continue
    words.copyWithin(SLOT_WORDS * hole, SLOT_WORDS * at, SLOT_WORDS * (at + 1))
    hole = at
  }
  words[SLOT_WORDS * hole + EXPIRY] = EMPTY
  table.used -= 1
}

/** Passes every slot once at the most, and looks at `looks` values at the most. */
const sweepSlots = (table: Slots, before: number, looks: number): void => {
  for (let passed = 0, looked = 0; passed < table.count && looked < looks; looked++) {
    const slot = table.sweptTo
    const expiry = expiryAt(table, slot)
    if (expiry !== EMPTY && expiry !== NEVER && expiry < before) {
      remove(table, slot) // the slot may hold a later value now, which is looked at next
    } else {
      table.sweptTo = after(table, slot)
      passed++
    }
  }
}

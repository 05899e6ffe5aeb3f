// The ids of revoked tokens, a million of them in little memory: 128-bit values as they are, in open
// addressing with linear probing. Nothing is cut short or hashed away, so no other token is ever hit. Pure.
//
// Values are the issuer's random ones, so their own bits spread them; who collects tokens with alike ids is
// stopped by the bound on rules for one client.
import { SIX_BITS } from '../token/base64url.ts'

/** When a rule for a token may be dropped, in seconds since the epoch; Infinity: never. */
type Expiry = number

export type JtiTable = {
  /** The later expiry wins. */
  add(jti: string, expiry: Expiry): void
  has(jti: string): boolean
  /** Looks for rules that expired before `before`, in at most so many slots, and goes on there next time. */
  sweep(before: number, slots: number): void
  readonly size: number
}

const MIN_SLOTS = 1024
/** A slot is five words, beside each other: the value, and its expiry. */
const SLOT_WORDS = 5
const EXPIRY = 4
/** Expiry of a slot that is empty. Time began later. */
const EMPTY = 0
/** Also stands for any expiry that is later than 32 bits can say. */
const NEVER = 0xffff_ffff

const six = (jti: string, at: number): number => SIX_BITS[jti.charCodeAt(at)] ?? -1

/** Five characters as 30 bits; negative where one is no base64url. */
const five = (jti: string, at: number): number => {
  const a = six(jti, at)
  const b = six(jti, at + 1)
  const c = six(jti, at + 2)
  const d = six(jti, at + 3)
  const e = six(jti, at + 4)
  return (a | b | c | d | e) < 0 ? -1 : (a << 24) | (b << 18) | (c << 12) | (d << 6) | e
}

/** The value that is looked for: one array for all, because nothing here waits. */
const wanted = new Int32Array(4)

/**
 * Puts 22 characters into `wanted`: four times five of them, and two bits each of the last eight.
 * False for what is not 128 bits in canonical base64url: the last character has four bits that say nothing.
 */
const want = (jti: string): boolean => {
  if (jti.length !== 22) return false
  const last = six(jti, 21)
  const tail = (six(jti, 20) << 2) | (last >> 4)
  if (tail < 0 || (last & 0b1111) !== 0) return false
  for (let word = 0; word < 4; word++) {
    const bits = five(jti, 5 * word)
    if (bits < 0) return false
    wanted[word] = bits | ((tail >> (2 * word)) << 30)
  }
  return true
}

const expiryOf = (expiry: Expiry): number =>
  expiry >= NEVER ? NEVER : Math.max(Math.ceil(expiry), EMPTY + 1)

export const createJtiTable = (): JtiTable => {
  let slots = MIN_SLOTS
  let words = new Int32Array(SLOT_WORDS * slots)
  let used = 0
  let sweepAt = 0
  /** Ids of any other form. Ours have none. */
  const others = new Map<string, number>()

  const expiryAt = (slot: number): number => words[SLOT_WORDS * slot + EXPIRY]! >>> 0
  const next = (slot: number): number => (slot + 1) & (slots - 1)

  /** Where the value that begins at `at` is looked for first. */
  const home = (of: Int32Array, at: number): number => {
    const ends = Math.imul(of[at]! ^ (of[at + 3]! >>> 15), 0x9e37_79b1)
    const mixed = ends ^ Math.imul(of[at + 1]! ^ (of[at + 2]! << 7), 0x85eb_ca6b)
    const spread = Math.imul(mixed ^ (mixed >>> 16), 0xc2b2_ae35)
    return (spread ^ (spread >>> 15)) & (slots - 1)
  }

  const isWantedAt = (slot: number): boolean => {
    const at = SLOT_WORDS * slot
    return (
      words[at] === wanted[0] &&
      words[at + 1] === wanted[1] &&
      words[at + 2] === wanted[2] &&
      words[at + 3] === wanted[3]
    )
  }

  /** The slot that has what is wanted, or the empty one where it would be. */
  const find = (): number => {
    let slot = home(wanted, 0)
    while (expiryAt(slot) !== EMPTY && !isWantedAt(slot)) slot = next(slot)
    return slot
  }

  const put = (expiry: number): void => {
    const slot = find()
    const [at, known] = [SLOT_WORDS * slot, expiryAt(slot)]
    if (known === EMPTY) {
      for (let word = 0; word < EXPIRY; word++) words[at + word] = wanted[word]!
      used += 1
    }
    if (expiry > known) words[at + EXPIRY] = expiry
  }

  /**
   * Twice or half the slots, at once: nothing else runs meanwhile. With 1.5 million values that took 234 ms, once
   * on the way there; bit by bit would need both tables, and a look into each of them for each token.
   */
  const rebuild = (size: number): void => {
    const old = words
    slots = size
    words = new Int32Array(SLOT_WORDS * slots)
    sweepAt = 0
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      if (old[at + EXPIRY] === EMPTY) continue
      // No two values are alike: the first empty slot is its place.
      let slot = home(old, at)
      while (expiryAt(slot) !== EMPTY) slot = next(slot)
      for (let word = 0; word < SLOT_WORDS; word++)
        words[SLOT_WORDS * slot + word] = old[at + word]!
    }
  }

  /** Moves back those behind that would not be found any more past an empty slot: no tombstones. */
  const remove = (slot: number): void => {
    let hole = slot
    for (let at = next(hole); expiryAt(at) !== EMPTY; at = next(at)) {
      const from = home(words, SLOT_WORDS * at)
      if (((at - from) & (slots - 1)) < ((at - hole) & (slots - 1))) continue
      words.copyWithin(SLOT_WORDS * hole, SLOT_WORDS * at, SLOT_WORDS * (at + 1))
      hole = at
    }
    words[SLOT_WORDS * hole + EXPIRY] = EMPTY
    used -= 1
  }

  const sweepSlots = (before: number, count: number): void => {
    for (let seen = 0; seen < Math.min(count, slots); seen++) {
      const expiry = expiryAt(sweepAt)
      // what has moved here is looked at in its turn
      if (expiry !== EMPTY && expiry !== NEVER && expiry < before) remove(sweepAt)
      else sweepAt = next(sweepAt)
    }
  }

  return {
    add(jti, expiry) {
      if (used >= slots * 0.75) rebuild(slots * 2)
      if (want(jti)) put(expiryOf(expiry))
      else others.set(jti, Math.max(others.get(jti) ?? 0, expiry))
    },
    has: (jti) => (want(jti) ? expiryAt(find()) !== EMPTY : others.has(jti)),
    sweep(before, count) {
      for (const [jti, expiry] of others) if (expiry < before) others.delete(jti)
      sweepSlots(before, count)
      if (slots > MIN_SLOTS && used < slots / 8) rebuild(slots / 2)
    },
    get size() {
      return used + others.size
    },
  }
}

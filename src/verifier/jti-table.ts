// The ids of revoked tokens, a million of them in little memory: 128-bit values as they are, in open
// addressing with linear probing. Nothing is cut short or hashed away, so no other token is ever hit. Pure.
//
// Values are the issuer's random ones, so their own bits spread them; who collects tokens with alike ids is
// stopped by the bound on rules for one client.

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
/** Expiry of a slot that is empty. Time began later. */
const EMPTY = 0
/** Also stands for any expiry that is later than 32 bits can say. */
const NEVER = 0xffff_ffff

/** A canonical 128-bit value in base64url: the last of 22 characters has four bits that say nothing. */
const COMPACT = /^[A-Za-z0-9_-]{21}[AQgw]$/

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const SIX_BITS = new Uint8Array(128)
for (let i = 0; i < ALPHABET.length; i++) SIX_BITS[ALPHABET.charCodeAt(i)] = i

type Value = readonly [number, number, number, number]

/** 22 characters as four words of 32 bits. */
const decode = (jti: string): Value => {
  const bits = (at: number): number => SIX_BITS[jti.charCodeAt(at)]!
  const five = (at: number): number =>
    (bits(at) << 24) |
    (bits(at + 1) << 18) |
    (bits(at + 2) << 12) |
    (bits(at + 3) << 6) |
    bits(at + 4)
  return [
    (five(0) << 2) | (bits(5) >> 4),
    (bits(5) << 28) |
      (bits(6) << 22) |
      (bits(7) << 16) |
      (bits(8) << 10) |
      (bits(9) << 4) |
      (bits(10) >> 2),
    (bits(10) << 30) |
      (bits(11) << 24) |
      (bits(12) << 18) |
      (bits(13) << 12) |
      (bits(14) << 6) |
      bits(15),
    (bits(16) << 26) |
      (bits(17) << 20) |
      (bits(18) << 14) |
      (bits(19) << 8) |
      (bits(20) << 2) |
      (bits(21) >> 4),
  ]
}

const expiryOf = (expiry: Expiry): number =>
  expiry >= NEVER ? NEVER : Math.max(Math.ceil(expiry), EMPTY + 1)

export const createJtiTable = (): JtiTable => {
  let slots = MIN_SLOTS
  let values = new Int32Array(4 * slots)
  let expiries = new Uint32Array(slots)
  let used = 0
  let sweepAt = 0
  /** Ids of any other form. Ours have none. */
  const others = new Map<string, number>()

  const home = (first: number, last: number): number =>
    (Math.imul(first ^ (last >>> 7), 0x9e37_79b1) >>> 7) & (slots - 1)

  const isAt = (slot: number, value: Value): boolean => {
    const at = 4 * slot
    return (
      values[at] === value[0] &&
      values[at + 1] === value[1] &&
      values[at + 2] === value[2] &&
      values[at + 3] === value[3]
    )
  }

  /** The slot that has the value, or the empty one where it would be. */
  const find = (value: Value): number => {
    let slot = home(value[0], value[3])
    while (expiries[slot] !== EMPTY && !isAt(slot, value)) slot = (slot + 1) & (slots - 1)
    return slot
  }

  const put = (value: Value, expiry: number): void => {
    const slot = find(value)
    if (expiries[slot] === EMPTY) {
      values.set(value, 4 * slot)
      used += 1
    }
    expiries[slot] = Math.max(expiries[slot]!, expiry)
  }

  /** Twice or half the slots. A million values take some 50 ms. */
  const rebuild = (size: number): void => {
    const [oldValues, oldExpiries] = [values, expiries]
    slots = size
    values = new Int32Array(4 * slots)
    expiries = new Uint32Array(slots)
    used = 0
    sweepAt = 0
    for (let i = 0; i < oldExpiries.length; i++) {
      if (oldExpiries[i] === EMPTY) continue
      const at = 4 * i
      const value: Value = [
        oldValues[at]!,
        oldValues[at + 1]!,
        oldValues[at + 2]!,
        oldValues[at + 3]!,
      ]
      put(value, oldExpiries[i]!)
    }
  }

  /** Moves back those behind that would not be found any more past an empty slot: no tombstones. */
  const remove = (slot: number): void => {
    let hole = slot
    for (let next = (hole + 1) & (slots - 1); expiries[next] !== EMPTY;) {
      const from = home(values[4 * next]!, values[4 * next + 3]!)
      if (((next - from) & (slots - 1)) >= ((next - hole) & (slots - 1))) {
        values.copyWithin(4 * hole, 4 * next, 4 * next + 4)
        expiries[hole] = expiries[next]!
        hole = next
      }
      next = (next + 1) & (slots - 1)
    }
    expiries[hole] = EMPTY
    used -= 1
  }

  const sweepSlots = (before: number, count: number): void => {
    for (let seen = 0; seen < Math.min(count, slots); seen++) {
      const expiry = expiries[sweepAt]!
      // what has moved here is looked at in its turn
      if (expiry !== EMPTY && expiry !== NEVER && expiry < before) remove(sweepAt)
      else sweepAt = (sweepAt + 1) & (slots - 1)
    }
  }

  return {
    add(jti, expiry) {
      if (!COMPACT.test(jti)) {
        others.set(jti, Math.max(others.get(jti) ?? 0, expiry))
        return
      }
      if (used >= slots * 0.75) rebuild(slots * 2)
      put(decode(jti), expiryOf(expiry))
    },
    has(jti) {
      return COMPACT.test(jti) ? expiries[find(decode(jti))] !== EMPTY : others.has(jti)
    },
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

// The issuer's keys at hand, and for how long they may be used. Pure.
import { REFRESH_AHEAD } from '../constants.ts'
import { type KeyName, type VerificationKey, textOf } from './jwk.ts'
import type { FetchedKeys } from './jwks.ts'

/** Times are milliseconds of the monotonic clock. */
export type KeySet = {
  /** Keys by `textOf`. */
  readonly byName: ReadonlyMap<string, VerificationKey>
  readonly all: ReadonlySet<VerificationKey>
  readonly fetchedAt: number
  /** Age up to which the keys are fresh, in milliseconds. */
  readonly maxAgeMs: number
  /** When the last successful request past all caches was sent. */
  readonly renewedAt: number
}

export const NO_KEYS: KeySet = {
  byName: new Map(),
  all: new Set(),
  fetchedAt: -Infinity,
  maxAgeMs: 0,
  renewedAt: -Infinity,
}

/**
 * Replaces the keys. An unchanged key stays the same object, so that its tokens stay remembered.
 * @param at the end of the fetch, and for a fetch past all caches its start
 */
export const replaceKeys = (
  before: KeySet,
  { keys, maxAgeMs }: FetchedKeys,
  at: { now: number; renewedAt?: number },
): KeySet => {
  const entries = keys.map((key): [string, VerificationKey] => {
    const name = textOf(key)
    const old = before.byName.get(name)
    return [name, old?.material === key.material ? old : key]
  })
  const renewedAt = at.renewedAt ?? before.renewedAt
  const byName = new Map(entries)
  return { byName, all: new Set(byName.values()), fetchedAt: at.now, maxAgeMs, renewedAt }
}

export const findKey = ({ byName }: KeySet, name: KeyName): VerificationKey | undefined =>
  byName.get(textOf(name))

/** Milliseconds since the fetch. */
export const ageOf = ({ fetchedAt }: KeySet, now: number): number => now - fetchedAt

export const isFresh = (keys: KeySet, now: number): boolean => ageOf(keys, now) < keys.maxAgeMs

/** True before the time at which keys are fetched ahead of time. */
export const isRecent = (keys: KeySet, now: number): boolean =>
  ageOf(keys, now) < keys.maxAgeMs * (1 - REFRESH_AHEAD)

/** @param maxStaleMs how long keys that are no longer fresh stay in use */
export const isUsable = (keys: KeySet, now: number, maxStaleMs: number): boolean =>
  ageOf(keys, now) < keys.maxAgeMs + maxStaleMs

// Attempts to fetch the issuer's keys: how many have failed in a row, and when the next may begin.
// Pure.
import { MAX_BACK_OFF_MS, MIN_BACK_OFF_MS, NEW_OUTAGE_MS } from '../constants.ts'
import type { KeysFailure } from './keys-failure.ts'

/** Times are milliseconds of the monotonic clock. */
export type Attempts = {
  /** Number of the latest attempt. An earlier one that ends later is ignored. */
  readonly latest: number
  readonly startedAt: number
  /** True if the latest attempt goes past all caches. */
  readonly isRenewal: boolean
  /** Failures in a row. */
  readonly failures: number
  /** When the next attempt may begin after a failure. */
  readonly notBefore: number
  /** Failure of the latest attempt; null after a success. */
  readonly failure: KeysFailure | null
  /** Duration of the attempts of this outage, in milliseconds: tokens wait once for each outage. */
  readonly spentMs: number
}

export const NO_ATTEMPTS: Attempts = {
  latest: 0,
  startedAt: -Infinity,
  isRenewal: false,
  failures: 0,
  notBefore: -Infinity,
  failure: null,
  spentMs: 0,
}

/**
 * Counts a failure when the attempt begins, because an attempt that hangs reports none. A success
 * sets the count to 0.
 */
export const started = (attempts: Attempts, now: number, isRenewal: boolean): Attempts => ({
  latest: attempts.latest + 1,
  startedAt: now,
  isRenewal,
  failures: attempts.failures + 1,
  notBefore: now + Math.min(MIN_BACK_OFF_MS * 2 ** attempts.failures, MAX_BACK_OFF_MS),
  failure: attempts.failure,
  spentMs: now - attempts.startedAt > NEW_OUTAGE_MS ? 0 : attempts.spentMs,
})

export const succeeded = (attempts: Attempts): Attempts => ({
  ...attempts,
  failures: 0,
  failure: null,
  spentMs: 0,
})

/** @param failure undefined for an attempt that is not the latest */
export const failed = (
  attempts: Attempts,
  now: number,
  failure: KeysFailure | undefined,
): Attempts => ({
  ...attempts,
  failure: failure ?? attempts.failure,
  spentMs: attempts.spentMs + (now - attempts.startedAt),
})

export const isBackingOff = ({ failures, notBefore }: Attempts, now: number): boolean =>
  failures > 0 && now < notBefore

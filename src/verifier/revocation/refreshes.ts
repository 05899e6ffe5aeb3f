// The refreshes of a list that is followed on use: which one runs, and when the next may begin.
// Pure.
import { MAX_LIST_BACK_OFF_MS, MIN_LIST_BACK_OFF_MS, SILENT_REFRESH_MS } from '../constants.ts'

/** A refresh under way: when it began or its last page arrived, and whether a page has arrived. */
export type Refresh = { heardAt: number; hasPage: boolean }

/** Times are milliseconds of the monotonic clock. */
export type Refreshes = {
  readonly running: Refresh | null
  /** When the request for the copy was sent. */
  readonly refreshedAt: number
  /** Failures in a row, and the last of them. */
  readonly failures: number
  readonly failure: unknown
  /** When the next refresh may begin. */
  readonly notBefore: number
}

export const NO_REFRESHES: Refreshes = {
  running: null,
  refreshedAt: -Infinity,
  failures: 0,
  failure: null,
  notBefore: -Infinity,
}

/**
 * Counts a failure before the attempt: a refresh that hangs, or that ends with its request, has
 * failed as well.
 */
export const started = (refreshes: Refreshes, running: Refresh): Refreshes => {
  const failures = refreshes.failures + 1
  return { ...refreshes, running, failures, notBefore: running.heardAt + backOffMs(failures, 0) }
}

export const succeeded = (refreshes: Refreshes, startedAt: number): Refreshes => ({
  ...NO_REFRESHES,
  refreshedAt: Math.max(refreshes.refreshedAt, startedAt),
})

/** @param retryAfterMs what the issuer has asked for; 0 where it has not */
export const failed = (
  refreshes: Refreshes,
  { failure, now, retryAfterMs }: { failure: unknown; now: number; retryAfterMs: number },
): Refreshes => {
  const notBefore = now + backOffMs(refreshes.failures, retryAfterMs)
  return { ...refreshes, running: null, failure, notBefore }
}

const backOffMs = (failures: number, retryAfterMs: number): number =>
  Math.min(Math.max(MIN_LIST_BACK_OFF_MS * 2 ** failures, retryAfterMs), MAX_LIST_BACK_OFF_MS)

/** False after a long silence: the refresh may have ended with the request that began it. */
export const isAlive = (refresh: Refresh | null, now: number): refresh is Refresh =>
  refresh !== null && now - refresh.heardAt < SILENT_REFRESH_MS

export const mayStart = ({ running, notBefore }: Refreshes, now: number): boolean =>
  !isAlive(running, now) && now >= notBefore

// Quotas of token requests and bounds on writes, counted for the whole server: by this process if it is the only one,
// by the primary if there are several.
import cluster from 'node:cluster'
import {
  RateLimiterCluster,
  RateLimiterClusterMaster,
  RateLimiterMemory,
} from 'rate-limiter-flexible'
import type { Quota, Writes } from '../deps.ts'
import { Unavailable } from '../errors.ts'
import { createMinuteCounts } from './minute-counts.ts'

/** Time limit for the primary's count, in milliseconds. */
const PRIMARY_TIMEOUT_MS = 2_000

/**
 * Counts a client's requests within a minute. The count continues when the quota is changed, removed or set for the first
 * time. Each process counts requests of clients without a quota by itself, without a question to the primary, and adds
 * its part with the first request after a quota is set.
 */
export const createQuota = (monotonic = () => performance.now()): Quota => {
  const count = createCounter(60)
  const withoutQuota = createMinuteCounts({ monotonic })
  return async (clientId, perMinute) => {
    if (perMinute === null) {
      withoutQuota.note(clientId)
      return 0
    }
    const before = withoutQuota.take(clientId)
    return await count(`quota:${clientId}`, perMinute, 1 + (before?.count ?? 0), before?.seconds)
  }
}

/** Counts writes in each window. The keys are ids from the database, which bounds the memory. */
export const createWrites = (): Writes => {
  const counters = new Map<number, Counter>()
  return (key, { seconds, limit }, cost) => {
    const count = counters.get(seconds) ?? createCounter(seconds)
    counters.set(seconds, count)
    return count(`writes:${key}`, limit, cost)
  }
}

/**
 * Adds `cost` to the count of a key.
 * @param left seconds of a window that begins with this count; without it the window has its full length
 * @returns 0, or the seconds until the window ends if the count exceeds `limit`
 */
type Counter = (key: string, limit: number, cost: number, left?: number) => Promise<number>

/** Creates a counter without a limit of its own, so that the count of a key continues when the limit changes. */
const createCounter = (seconds: number): Counter => {
  const options = { points: Number.MAX_SAFE_INTEGER, duration: seconds }
  const limiter = cluster.isWorker
    ? new RateLimiterCluster({
        ...options,
        keyPrefix: `window-${seconds}`,
        timeoutMs: PRIMARY_TIMEOUT_MS,
      })
    : new RateLimiterMemory(options)
  return async (key, limit, cost, left) => {
    try {
      const begun = left === undefined ? {} : { customDuration: left }
      const { consumedPoints, msBeforeNext } = await limiter.consume(key, cost, begun)
      return consumedPoints <= limit ? 0 : Math.max(1, Math.ceil(msBeforeNext / 1000))
    } catch {
      // A request that cannot be counted is refused.
      throw new Unavailable('quota')
    }
  }
}

/** Counts for the workers. Called in the primary. */
export const countQuotas = (): void => void new RateLimiterClusterMaster()

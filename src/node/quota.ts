// Quotas of token requests and bounds on writes, counted for the whole server: in this process where it is alone,
// in the primary where there are several.
import cluster from 'node:cluster'
import {
  RateLimiterCluster,
  RateLimiterClusterMaster,
  RateLimiterMemory,
} from 'rate-limiter-flexible'
import type { Quota, Writes } from '../deps.ts'
import { Unavailable } from '../errors.ts'
import { createUncharged } from './uncharged.ts'

/** How long a worker waits for the primary's count, in milliseconds. */
const PRIMARY_TIMEOUT_MS = 2_000

/**
 * A client's count within a minute. It goes on when its quota is changed, removed or set for the first time. Each process
 * counts clients without a quota by itself, which asks no other process and waits for nothing: it adds its part with
 * the first request after a quota was set.
 */
export const createQuota = (monotonic = () => performance.now()): Quota => {
  const count = createCounter(60)
  const uncharged = createUncharged({ monotonic })
  return async (clientId, perMinute) => {
    if (perMinute === null) {
      uncharged.note(clientId)
      return 0
    }
    const before = uncharged.take(clientId)
    return await count(`quota:${clientId}`, perMinute, 1 + (before?.count ?? 0), before?.seconds)
  }
}

/** Counts writes in each window. Its keys are ids from the database, which bounds the memory. */
export const createWrites = (): Writes => {
  const counters = new Map<number, Counter>()
  return (key, { seconds, limit }, cost) => {
    const count = counters.get(seconds) ?? createCounter(seconds)
    counters.set(seconds, count)
    return count(`writes:${key}`, limit, cost)
  }
}

/**
 * @param left seconds of a window that begins with this count; all of it where left out
 * @returns 0, or the seconds until the window ends where more than `limit` has been counted
 */
type Counter = (key: string, limit: number, cost: number, left?: number) => Promise<number>

/** The limiter counts without a limit of its own: so a key has one count, whatever its limit is at the moment. */
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
      // Not counted is not allowed.
      throw new Unavailable('quota')
    }
  }
}

/** In the primary: counts for the workers. */
export const countQuotas = (): void => void new RateLimiterClusterMaster()

// Quotas of token requests, a minute at a time, counted for the whole server: in this process where it is
// alone, in the primary where there are several.
import cluster from 'node:cluster'
import {
  RateLimiterCluster,
  RateLimiterClusterMaster,
  RateLimiterMemory,
  RateLimiterRes,
} from 'rate-limiter-flexible'
import type { Quota } from '../deps.ts'
import { Unavailable } from '../errors.ts'

/** How long a worker waits for the primary's count, in milliseconds. */
const PRIMARY_TIMEOUT_MS = 2_000

/** Only clients that have logged in are counted, so the memory is bounded by their number. */
export const createQuota = (): Quota => {
  const limiters = new Map<number, RateLimiterMemory | RateLimiterCluster>()
  return async (clientId, perMinute) => {
    const limiter = limiters.get(perMinute) ?? createLimiter(perMinute)
    limiters.set(perMinute, limiter)
    try {
      await limiter.consume(clientId)
      return 0
    } catch (used) {
      if (used instanceof RateLimiterRes) return Math.max(1, Math.ceil(used.msBeforeNext / 1000))
      // Not counted is not allowed.
      throw new Unavailable('quota')
    }
  }
}

const createLimiter = (perMinute: number) => {
  const limit = { points: perMinute, duration: 60 }
  if (!cluster.isWorker) return new RateLimiterMemory(limit)
  const keyPrefix = `quota-${perMinute}`
  return new RateLimiterCluster({ ...limit, keyPrefix, timeoutMs: PRIMARY_TIMEOUT_MS })
}

/** In the primary: counts for the workers. */
export const countQuotas = (): void => void new RateLimiterClusterMaster()

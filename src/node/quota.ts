import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Quota } from '../deps.ts'

/**
 * Quotas counted in this process, a minute at a time. Only clients that have logged in are counted, so the
 * memory is bounded by their number.
 * @param processes how many processes share a quota
 */
export const createQuota = (processes: number): Quota => {
  const limiters = new Map<number, RateLimiterMemory>()
  return async (clientId, perMinute) => {
    let limiter = limiters.get(perMinute)
    if (limiter === undefined) {
      limiter = new RateLimiterMemory({ points: Math.ceil(perMinute / processes), duration: 60 })
      limiters.set(perMinute, limiter)
    }
    try {
      await limiter.consume(clientId)
      return 0
    } catch (used) {
      if (used instanceof RateLimiterRes) return Math.max(1, Math.ceil(used.msBeforeNext / 1000))
      throw used
    }
  }
}

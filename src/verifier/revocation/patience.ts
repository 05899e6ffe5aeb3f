// How long tokens wait for what cannot be had: once for each outage, however many tokens come. No I/O.
import { PATIENCE_AGAIN_MS } from '../constants.ts'

export type Patience = {
  /**
   * Milliseconds that this token may wait. The first token of an outage has them all, the tokens beside it what is
   * left, and later tokens none. After a pause without tokens the next one counts as the first: an outage of before
   * says little about now, above all where the process was frozen in between.
   */
  left(ms: number): number
  /** Ends waiting for this outage, because a token has waited in vain. */
  exhaust(): void
  /** Ends the outage. */
  renew(): void
}

/** @param onFirst called for the first token of an outage, before it waits */
export const createPatience = (monotonic: () => number, onFirst = (): void => {}): Patience => {
  let until: number | null = null
  let askedAt = -Infinity
  return {
    left(ms) {
      const now = monotonic()
      const isFirst = until === null || now - askedAt > PATIENCE_AGAIN_MS
      if (isFirst) until = now + ms
      askedAt = now
      if (isFirst) onFirst()
      return Math.max(0, (until ?? now) - now)
    },
    exhaust() {
      until = -Infinity
    },
    renew() {
      until = null
    },
  }
}

// Time that tokens may wait for a list that does not arrive: one budget for each outage, however
// many tokens come. No I/O.
import { NEW_OUTAGE_MS } from '../constants.ts'

export type WaitBudget = {
  /**
   * Milliseconds that this token may wait. The first token of an outage gets all of `ms`, tokens
   * beside it get the rest, and later tokens get none. After a pause without tokens the next token
   * counts as the first: an earlier outage proves little about the present, above all where the
   * process was frozen in between.
   */
  remaining(ms: number): number
  /** Ends waiting for this outage, after a token has waited in vain. */
  exhaust(): void
  /** Ends the outage. */
  reset(): void
}

/** @param onFirst called for the first token of an outage, before it waits */
export const createWaitBudget = (monotonic: () => number, onFirst = (): void => {}): WaitBudget => {
  let until: number | null = null
  let lastTokenAt = -Infinity
  return {
    remaining(ms) {
      const now = monotonic()
      const isFirst = until === null || now - lastTokenAt > NEW_OUTAGE_MS
      if (isFirst) until = now + ms
      lastTokenAt = now
      if (isFirst) onFirst()
      return Math.max(0, (until ?? now) - now)
    },
    exhaust() {
      until = -Infinity
    },
    reset() {
      until = null
    },
  }
}

// The wall clock and the monotonic clock. No I/O.
import { CLOCKS_APART_MS } from '../constants.ts'

export type Clocks = {
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds of a clock that never runs backwards. */
  monotonic: () => number
}

/**
 * The application's clocks, or the runtime's, looked up at each call: fake timers may be installed
 * later.
 */
export const clocksOf = ({ clock, monotonic }: Partial<Clocks>): Clocks => ({
  clock: clock ?? (() => Date.now()),
  monotonic: monotonic ?? (() => performance.now()),
})

/**
 * Creates a function that tells whether the clocks have diverged since its last call. If they have,
 * the machine may have been suspended.
 */
export const createDivergenceCheck = ({ clock, monotonic }: Clocks): (() => boolean) => {
  let before = clock() - monotonic()
  return () => {
    const difference = clock() - monotonic()
    const diverged = Math.abs(difference - before) > CLOCKS_APART_MS
    before = difference
    return diverged
  }
}

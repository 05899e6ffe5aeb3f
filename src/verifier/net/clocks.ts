// Wall clock and monotonic clock beside each other. No I/O.
import { CLOCKS_APART_MS } from '../constants.ts'

export type Clocks = {
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds that only ever grow. */
  monotonic: () => number
}

/**
 * The clocks that were given, or those of the runtime. These are looked up at each call, so that fake timers that are
 * installed later are seen.
 */
export const clocksOf = ({ clock, monotonic }: Partial<Clocks>): Clocks => ({
  clock: clock ?? (() => Date.now()),
  monotonic: monotonic ?? (() => performance.now()),
})

/** Tells whether the clocks have run apart since the last look: the machine may have been suspended. */
export const createLook = ({ clock, monotonic }: Clocks): (() => boolean) => {
  let before = clock() - monotonic()
  return () => {
    const apart = clock() - monotonic()
    const far = Math.abs(apart - before) > CLOCKS_APART_MS
    before = apart
    return far
  }
}

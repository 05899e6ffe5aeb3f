// Work that anybody can cause is done one at a time and, beyond a first burst, for a part of the time only: what is
// left is for everybody else.
import { PACE_BURST_MS, PACE_SHARE } from '../constants.ts'

export type Pace = <T>(work: () => Promise<T>) => Promise<T>

type Time = {
  /** Milliseconds that only ever grow. */
  monotonic: () => number
  pause: (ms: number) => Promise<void>
}

const REAL: Time = {
  monotonic: () => performance.now(),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

export const createPace = ({ monotonic, pause }: Time = REAL): Pace => {
  let last: Promise<unknown> = Promise.resolve()
  /** Milliseconds of work that may be done without a pause. */
  let left = PACE_BURST_MS
  let at = monotonic()

  const turn = async <T>(work: () => Promise<T>): Promise<T> => {
    left = Math.min(PACE_BURST_MS, left + (monotonic() - at) * PACE_SHARE)
    at = monotonic()
    if (left < 0) await pause(-left / PACE_SHARE)
    const began = monotonic()
    try {
      return await work()
    } finally {
      left -= monotonic() - began
    }
  }

  return (work) => {
    const mine = last.then(() => turn(work))
    last = mine.catch(() => {})
    return mine
  }
}

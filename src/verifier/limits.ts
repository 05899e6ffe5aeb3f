// One exchange over the network, within bounds of time.
import type { Ending } from './ending.ts'
import { later } from './timer.ts'

export type Limits = {
  /** For all of it, body included. */
  timeoutMs: number
  /** Ends it, whatever it is at. */
  signal?: Ending | undefined
}

/** An exchange took longer than it may, or was ended. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut'
}

/**
 * What does not heed its signal is left behind: a `fetch` that was passed in may not, and one that hangs would hold
 * up everything after it.
 * @param late what is said of one that takes too long
 */
export const withLimits = async <T>(
  ask: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, signal }: Limits,
  late: string,
): Promise<T> => {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const callOff = later(timeoutMs, abort)
  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()
  try {
    return await Promise.race([ask(controller.signal), aborted(controller.signal, late)])
  } finally {
    callOff()
    signal?.removeEventListener('abort', abort)
  }
}

const aborted = (signal: AbortSignal, late: string): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void => reject(new TimedOut(late))
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })

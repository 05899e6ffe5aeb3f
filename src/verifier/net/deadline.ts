// One exchange over the network, within bounds of time.
import type { AbortFlag } from './abort-flag.ts'
import { later } from './timers.ts'

export type Deadline = {
  /** For all of it, body included. */
  timeoutMs: number
  /** Ends it, whatever it is at. */
  signal?: AbortFlag | undefined
}

/** An exchange took longer than it may, or was ended. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut'
}

/**
 * Leaves behind whatever does not heed its signal: a `fetch` of the application may not, and one that hangs would hold
 * up everything after it.
 * @param late the error's message after the time-out
 */
export const withDeadline = async <T>(
  ask: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, signal }: Deadline,
  late: string,
): Promise<T> => {
  if (signal?.aborted) throw ended()
  const controller = new AbortController()
  const end = (): void => controller.abort(ended())
  const callOff = later(timeoutMs, () => controller.abort(new TimedOut(late)))
  signal?.addEventListener('abort', end)
  try {
    return await Promise.race([aborted(controller.signal), ask(controller.signal)])
  } finally {
    callOff()
    signal?.removeEventListener('abort', end)
  }
}

const ended = (): Error => new Error('ended before it was answered')

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })

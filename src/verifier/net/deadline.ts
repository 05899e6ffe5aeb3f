// A deadline for one exchange over the network.
import type { AbortFlag } from './abort-flag.ts'
import { unrefTimer } from './timers.ts'

export type Deadline = {
  /** Milliseconds for the whole exchange, body included. */
  timeoutMs: number
  /** Aborts the exchange at any point. */
  signal?: AbortFlag | undefined
}

/** An exchange exceeded its time. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut'
}

/**
 * Runs an exchange, and abandons it at the deadline even if it ignores its signal: an application's
 * `fetch` may do so, and one that hangs would hold up all later requests.
 * @param message of the error after the time-out
 * @throws TimedOut, and what the exchange throws
 */
export const withDeadline = async <T>(
  exchange: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, signal }: Deadline,
  message: string,
): Promise<T> => {
  if (signal?.aborted) throw abortError()
  const controller = new AbortController()
  const abort = (): void => controller.abort(abortError())
  const cancelTimer = unrefTimer(timeoutMs, () => controller.abort(new TimedOut(message)))
  signal?.addEventListener('abort', abort)
  try {
    return await Promise.race([rejection(controller.signal), exchange(controller.signal)])
  } finally {
    cancelTimer()
    signal?.removeEventListener('abort', abort)
  }
}

const abortError = (): Error => new Error('ended before it was answered')

/** Rejects with the signal's reason. */
const rejection = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })

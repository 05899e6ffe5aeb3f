// Waits until a verifier can verify, within the limits of its caller.
import { MAX_READY_TIMEOUT_MS, READY_TIMEOUT_MS } from '../constants.ts'
import { type AbortFlag, createAbortFlag } from '../net/abort-flag.ts'
import { onAbort } from '../net/shared-signal.ts'
import { withTimeLimit } from '../net/time-limit.ts'

/** Limits of `ready`. */
export type ReadyOptions = {
  /** Milliseconds, 0 to 86,400,000. Default: 10,000. */
  timeoutMs?: number | undefined
  /**
   * Aborts waiting: `ready` then rejects with the signal's reason. Any number of waits may share a
   * signal.
   */
  signal?: AbortSignal | undefined
}

/** @throws TypeError */
export const checkReadyOptions = (options: ReadyOptions): void => {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('ready takes an object: { timeoutMs, signal }')
  }
  const { timeoutMs = 0, signal } = options
  if (!Number.isFinite(timeoutMs) || timeoutMs < 0 || timeoutMs > MAX_READY_TIMEOUT_MS) {
    throw new TypeError(`timeoutMs must be 0 to ${MAX_READY_TIMEOUT_MS} milliseconds`)
  }
  const isSignal =
    typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function'
  if (signal !== undefined && !isSignal) throw new TypeError('signal must be an AbortSignal')
}

/**
 * Waits for a promise until the time is over or the caller's signal is aborted.
 * @param start begins the work, and ends it once its flag is aborted
 * @returns null after the time-out
 * @throws the reason of the caller's signal, and what the promise rejects with
 */
export const waitUntilReady = async <T>(
  start: (ended: AbortFlag) => Promise<T>,
  { timeoutMs = READY_TIMEOUT_MS, signal }: ReadyOptions,
): Promise<T | null> => {
  signal?.throwIfAborted()
  const ended = createAbortFlag()
  let abort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal?.reason as Error)
  })
  const removeListener = signal && onAbort(signal, abort)
  try {
    const result = withTimeLimit<T | null>(start(ended), timeoutMs, () => null)
    return await Promise.race([result, aborted])
  } finally {
    removeListener?.()
    ended.abort()
  }
}

// Waiting until a verifier can verify: no longer than the caller says.
import { MAX_READY_TIMEOUT_MS, READY_TIMEOUT_MS } from '../constants.ts'
import { type AbortFlag, createAbortFlag } from '../net/abort-flag.ts'
import { onAbort } from '../net/shared-signal.ts'
import { inTime } from '../net/in-time.ts'

export type ReadyOptions = {
  /** Milliseconds, 0 to 86,400,000. Default: 10,000. */
  timeoutMs?: number | undefined
  /** Ends waiting: `ready` then rejects with the signal's reason. Any number of waits may share it. */
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
 * Waits for what `reach` gives, until time is over or the caller's signal says so.
 * @param reach ends with the signal that it is given
 * @returns null where nothing has come in time
 * @throws the reason of the caller's signal, and what `reach` throws
 */
export const reachIn = async <T>(
  reach: (ended: AbortFlag) => Promise<T>,
  { timeoutMs = READY_TIMEOUT_MS, signal }: ReadyOptions,
): Promise<T | null> => {
  signal?.throwIfAborted()
  const ended = createAbortFlag()
  let abort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal?.reason as Error)
  })
  const callOff = signal && onAbort(signal, abort)
  try {
    return await Promise.race([inTime<T | null>(reach(ended), timeoutMs, () => null), aborted])
  } finally {
    callOff?.()
    ended.abort()
  }
}

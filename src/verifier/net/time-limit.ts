// A time limit for one promise.
import { type Timer, refTimer } from './timers.ts'

/**
 * The promise's value, or that of `onTimeout()` after `ms` milliseconds. The timer belongs to the
 * caller: on Workers a promise that another request began may never settle once that request has
 * ended.
 * @param timer keeps the process alive while a token waits; `unrefTimer` where none does
 */
export const withTimeLimit = async <T>(
  promise: Promise<T>,
  ms: number,
  onTimeout: () => T,
  timer: Timer = refTimer,
): Promise<T> => {
  let cancel = (): void => {}
  const timedOut = new Promise<T>((resolve, reject) => {
    cancel = timer(ms, () => {
      try {
        resolve(onTimeout())
      } catch (error) {
        reject(error as Error)
      }
    })
  })
  try {
    return await Promise.race([promise, timedOut])
  } finally {
    cancel()
  }
}

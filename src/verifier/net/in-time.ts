import { type Timer, holding } from './timers.ts'

/**
 * What a promise gives, or `late()` where it gives nothing in time. The timer is the caller's own: on Workers
 * a promise that another request began may never settle once that request has ended.
 * @param ms milliseconds
 * @param timer holds the process open for as long as somebody waits, unless it is said that nobody does
 */
export const inTime = async <T>(
  promise: Promise<T>,
  ms: number,
  late: () => T,
  timer: Timer = holding,
): Promise<T> => {
  let callOff = (): void => {}
  const timedOut = new Promise<T>((resolve, reject) => {
    callOff = timer(ms, () => {
      try {
        resolve(late())
      } catch (error) {
        reject(error as Error)
      }
    })
  })
  try {
    return await Promise.race([promise, timedOut])
  } finally {
    callOff()
  }
}

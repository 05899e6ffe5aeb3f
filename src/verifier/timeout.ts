/**
 * What a promise gives, or `late()` where it gives nothing in time. The timer is the caller's own: on Workers
 * a promise that another request began may never settle once that request has ended.
 * @param ms milliseconds
 */
export const inTime = async <T>(promise: Promise<T>, ms: number, late: () => T): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timedOut = new Promise<T>((resolve, reject) => {
    timer = setTimeout(() => {
      try {
        resolve(late())
      } catch (error) {
        reject(error as Error)
      }
    }, ms)
  })
  try {
    return await Promise.race([promise, timedOut])
  } finally {
    clearTimeout(timer)
  }
}

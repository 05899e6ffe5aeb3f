// Timers: some keep a process alive, others do not.
import type { AbortFlag } from './abort-flag.ts'

/** Calls after so many milliseconds. @returns what calls it off */
export type Timer = (ms: number, call: () => void) => () => void

/** For what somebody waits for. */
export const holding: Timer = (ms, call) => {
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}

/** Unless the process ends before. */
export const later: Timer = (ms, call) => {
  const timer: unknown = setTimeout(call, ms)
  if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.()
  else (globalThis as { Deno?: { unrefTimer?: (id: unknown) => void } }).Deno?.unrefTimer?.(timer)
  return () => clearTimeout(timer as Parameters<typeof clearTimeout>[0])
}

/**
 * Lets so many milliseconds pass, or less where `signal` says so.
 * @param timer `holding` for what a token waits for
 */
export const pause = (ms: number, signal?: AbortFlag, timer: Timer = later): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = (): void => {
      callOff()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const callOff = timer(ms, end)
    signal?.addEventListener('abort', end)
  })

// Timers that keep the process alive, and timers that do not.
import type { AbortFlag } from './abort-flag.ts'

/** Calls a function after `ms` milliseconds. @returns a function that cancels the timer */
export type Timer = (ms: number, call: () => void) => () => void

/** Keeps the process alive. For work that a token waits for. */
export const refTimer: Timer = (ms, call) => {
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}

/** Lets the process end before the timer fires. */
export const unrefTimer: Timer = (ms, call) => {
  const timer: unknown = setTimeout(call, ms)
  if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.()
  else (globalThis as { Deno?: { unrefTimer?: (id: unknown) => void } }).Deno?.unrefTimer?.(timer)
  return () => clearTimeout(timer as Parameters<typeof clearTimeout>[0])
}

/**
 * Waits for `ms` milliseconds, or until `signal` is aborted.
 * @param timer `refTimer` where a token waits
 */
export const pause = (ms: number, signal?: AbortFlag, timer: Timer = unrefTimer): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = (): void => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = timer(ms, end)
    signal?.addEventListener('abort', end)
  })

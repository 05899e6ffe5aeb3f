// Waits for a condition.
import { vi } from 'vitest'

/** Time limit of each wait in a test, in milliseconds. It leaves room for a machine that is busy with other tests. */
export const LIMIT_MS = 25_000

type Nothing = false | null | undefined

/** Calls `read` every 20 ms until it returns a value, and returns that. Fails after LIMIT_MS. */
export const until = <T>(
  what: string,
  read: () => T | Nothing | Promise<T | Nothing>,
): Promise<T> =>
  vi.waitFor(
    async () => {
      const value = await read()
      if (value === false || value === null || value === undefined) {
        throw new Error(`waited in vain for ${what}`)
      }
      return value
    },
    { timeout: LIMIT_MS, interval: 20 },
  )

// Waits for a condition.
import { vi } from 'vitest'

/** What anything may take before a test gives up, in milliseconds: the machine may be busy with other tests. */
export const LIMIT_MS = 25_000

type Nothing = false | null | undefined

/** What `read` gives as soon as it gives something; fails after a limit. */
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

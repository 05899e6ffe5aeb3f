// Names of keys that the issuer does not have: the latest of them, for some seconds after the
// request that has shown it. No I/O.
import { MAX_UNKNOWN_KIDS, UNKNOWN_KID_MS } from '../constants.ts'
import { type KeyName, textOf } from './jwk.ts'

/** @param monotonic milliseconds of a clock that never runs backwards */
export const createUnknownKeys = (monotonic: () => number) => {
  /** When each name is forgotten. */
  const until = new Map<string, number>()
  return {
    has: (name: KeyName): boolean => monotonic() < (until.get(textOf(name)) ?? -Infinity),
    add(name: KeyName): void {
      const text = textOf(name)
      until.delete(text)
      until.set(text, monotonic() + UNKNOWN_KID_MS)
      const [oldest] = until.keys()
      if (until.size > MAX_UNKNOWN_KIDS && oldest !== undefined) until.delete(oldest)
    },
  }
}

// Names that the issuer has been asked for and has no key for, the latest few, each for a while. No I/O.
import { MAX_UNKNOWN_KIDS, UNKNOWN_KID_MS } from '../constants.ts'
import { type KeyName, textOf } from './jwk.ts'

/** @param monotonic milliseconds that only ever grow */
export const createUnknownKeys = (monotonic: () => number) => {
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

// Remembers the latest verified tokens. An entry is found by the end of its signature, and counts only where the whole
// token is equal: an attacker could make another token match a part or a hash of it. One cache belongs to one verifier.
// No I/O.
import { CACHE_KEY_CHARS } from '../constants.ts'

export type TokenCache<T> = {
  get(token: string): T | undefined
  set(token: string, value: T): void
  delete(token: string): void
  deleteWhere(predicate: (value: T) => boolean): void
  readonly size: number
}

type Entry<T> = { readonly token: string; readonly value: T }

/** V8 hashes a text once for each string object: the end of a token takes a tenth of the time of the whole. */
const keyOf = (token: string): string => token.slice(-CACHE_KEY_CHARS)

/** @param max number of tokens; 0 for none */
export const createTokenCache = <T>(max: number): TokenCache<T> => {
  const entries = new Map<string, Entry<T>>()
  return {
    get(token) {
      const entry = entries.get(keyOf(token))
      return entry?.token === token ? entry.value : undefined
    },
    set(token, value) {
      entries.set(keyOf(token), { token, value })
      if (entries.size <= max) return
      // First in, first out: tokens live for minutes, and moving one at each use would cost more
      // than it saves.
      const [oldest] = entries.keys()
      if (oldest !== undefined) entries.delete(oldest)
    },
    delete(token) {
      if (entries.get(keyOf(token))?.token === token) entries.delete(keyOf(token))
    },
    deleteWhere(predicate) {
      for (const [key, { value }] of entries) if (predicate(value)) entries.delete(key)
    },
    get size() {
      return entries.size
    },
  }
}

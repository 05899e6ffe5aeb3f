// Remembers the latest verified tokens. The whole token is the key, because an attacker could make
// another token match a part or a hash of it. One cache belongs to one verifier. No I/O.

export type TokenCache<T> = {
  get(token: string): T | undefined
  set(token: string, value: T): void
  delete(token: string): void
  deleteWhere(predicate: (value: T) => boolean): void
  readonly size: number
}

/** @param max number of tokens; 0 for none */
export const createTokenCache = <T>(max: number): TokenCache<T> => {
  const entries = new Map<string, T>()
  return {
    get(token) {
      return entries.get(token)
    },
    set(token, value) {
      entries.set(token, value)
      if (entries.size <= max) return
      // First in, first out: tokens live for minutes, and moving one at each use would cost more
      // than it saves.
      const [oldest] = entries.keys()
      if (oldest !== undefined) entries.delete(oldest)
    },
    delete(token) {
      entries.delete(token)
    },
    deleteWhere(predicate) {
      for (const [token, value] of entries) if (predicate(value)) entries.delete(token)
    },
    get size() {
      return entries.size
    },
  }
}

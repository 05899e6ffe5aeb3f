// Tokens that have been verified, the latest ones. The whole token is the key: a part of it, or a hash, could
// be made to fit another. One memory belongs to one verifier. No I/O.
export type TokenCache<T> = {
  get(token: string): T | undefined
  set(token: string, value: T): void
  delete(token: string): void
  deleteWhere(goes: (value: T) => boolean): void
  readonly size: number
}

/** @param max how many are kept; 0 for none */
export const createTokenCache = <T>(max: number): TokenCache<T> => {
  const entries = new Map<string, T>()
  return {
    get(token) {
      return entries.get(token)
    },
    set(token, value) {
      entries.set(token, value)
      if (entries.size <= max) return
      // First in, first out: tokens are short-lived, and moving one at each use would cost more than it saves.
      const [oldest] = entries.keys()
      if (oldest !== undefined) entries.delete(oldest)
    },
    delete(token) {
      entries.delete(token)
    },
    deleteWhere(goes) {
      for (const [token, value] of entries) if (goes(value)) entries.delete(token)
    },
    get size() {
      return entries.size
    },
  }
}

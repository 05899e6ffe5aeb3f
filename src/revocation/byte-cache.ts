// A cache of the entries that were used last, bounded by bytes and by number.

export type ByteCache<K, V> = {
  get(key: K): V | undefined
  /** @param bytes length of the value */
  set(key: K, value: V, bytes: number): void
  delete(key: K): void
}

type Bounds = { maxBytes: number; maxEntries?: number }

export const createByteCache = <K, V>({
  maxBytes,
  maxEntries = Infinity,
}: Bounds): ByteCache<K, V> => {
  /** Entries in the order of use: the one that was used last is at the end. */
  const entries = new Map<K, { value: V; bytes: number }>()
  let total = 0

  const remove = (key: K): void => {
    total -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, bytes) {
      remove(key)
      entries.set(key, { value, bytes })
      total += bytes
      for (const [oldest] of entries) {
        if (total <= maxBytes && entries.size <= maxEntries) return
        remove(oldest)
      }
    },
    delete: remove,
  }
}

// A map with a limit: it keeps the latest values. No I/O.

export type Latest<T> = {
  get(name: string): T | undefined
  /** Adds a value, and drops the oldest beyond the limit. Returns the value. */
  add(name: string, value: T): T
  delete(name: string): void
  clear(): void
}

/** @param max number of values above which the oldest is dropped */
export const createLatest = <T>(max: number): Latest<T> => {
  const values = new Map<string, T>()
  return {
    get: (name) => values.get(name),
    add(name, value) {
      values.set(name, value)
      const [oldest] = values.size > max ? values.keys() : []
      if (oldest !== undefined) values.delete(oldest)
      return value
    },
    delete: (name) => void values.delete(name),
    clear: () => values.clear(),
  }
}

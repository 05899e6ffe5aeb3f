// Runs another connection's commits between any two statements of a better-sqlite3 connection.
import BetterSqlite3 from 'better-sqlite3'

type Method = (this: BetterSqlite3.Statement, ...args: unknown[]) => unknown
const METHODS = ['all', 'get', 'run'] as const

const prototype = ((): Record<string, Method> => {
  const client = new BetterSqlite3(':memory:')
  const found = Object.getPrototypeOf(client.prepare('select 1')) as Record<string, Method>
  client.close()
  return found
})()

/** Runs `open`. @returns its value, and the connections that prepared a statement meanwhile */
export const connectionsOf = async <T>(
  open: () => T | Promise<T>,
): Promise<[T, ReadonlySet<BetterSqlite3.Database>]> => {
  const connections = new Set<BetterSqlite3.Database>()
  const { prepare } = BetterSqlite3.prototype
  BetterSqlite3.prototype.prepare = function noted(this: BetterSqlite3.Database, source: string) {
    connections.add(this)
    return prepare.call(this, source)
  } as typeof prepare
  try {
    return [await open(), connections]
  } finally {
    BetterSqlite3.prototype.prepare = prepare
  }
}

/**
 * Calls `then` after each statement of these connections, until stopped. The part of `then` before its first `await`
 * ends before the next statement begins.
 * @returns a function that stops the calls and waits for the promises of `then`
 */
export const interleave = (
  connections: ReadonlySet<BetterSqlite3.Database>,
  then: () => Promise<unknown>,
): (() => Promise<void>) => {
  const begun: Promise<unknown>[] = []
  const original = Object.fromEntries(METHODS.map((name) => [name, prototype[name]]))
  let within = false
  for (const name of METHODS) {
    const method = prototype[name]
    prototype[name] = function interleaved(...args) {
      const result = method?.apply(this, args)
      if (!within && connections.has(this.database)) {
        within = true
        begun.push(then())
        within = false
      }
      return result
    }
  }
  return async () => {
    Object.assign(prototype, original)
    await Promise.all(begun)
  }
}

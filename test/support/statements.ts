// Statements that better-sqlite3 executes.
import BetterSqlite3 from 'better-sqlite3'

type Method = (this: BetterSqlite3.Statement, ...args: unknown[]) => unknown
const METHODS = ['all', 'get', 'run'] as const

/** The methods that all statements share. */
const prototype = ((): Record<string, Method> => {
  const client = new BetterSqlite3(':memory:')
  const found = Object.getPrototypeOf(client.prepare('select 1')) as Record<string, Method>
  client.close()
  return found
})()

/** Calls `after` behind each statement. @returns a function that ends this */
export const watchStatements = (
  after: (statement: BetterSqlite3.Statement) => void,
): (() => void) => {
  const original = Object.fromEntries(METHODS.map((name) => [name, prototype[name]]))
  for (const name of METHODS) {
    const method = prototype[name]
    prototype[name] = function watched(...args) {
      const result = method?.apply(this, args)
      after(this)
      return result
    }
  }
  return () => {
    Object.assign(prototype, original)
  }
}

// Runs another connection's commits between any two statements of a better-sqlite3 connection.
import BetterSqlite3 from 'better-sqlite3'
import { watchStatements } from './statements.ts'

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
  let within = false
  const stop = watchStatements(({ database }) => {
    if (within || !connections.has(database)) return
    within = true
    begun.push(then())
    within = false
  })
  return async () => {
    stop()
    await Promise.all(begun)
  }
}

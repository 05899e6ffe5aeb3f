// The connection: how statements reach a database. Each driver has its own; all of them keep the promises made here.
import type { SQL } from 'drizzle-orm/sql'
import type { Store } from '../store.ts'
import type { Dialect } from './dialect.ts'

/** A statement that has been built and not yet run. */
export type Statement = SQL

/** A row as a driver answers it: values in the order of the columns. Integers are numbers. */
export type RawRow = readonly unknown[]

export type Parameters = Readonly<Record<string, string | number | null>>

export type Connection = {
  /** Runs one statement. A true or false that it binds becomes the value that a flag column has in this engine. */
  run(statement: Statement): Promise<readonly RawRow[]>
  /** Prepares a statement once, to be run with values for its placeholders. */
  prepare(statement: Statement): (parameters: Parameters) => Promise<readonly RawRow[]>
  /**
   * Runs all statements in this order, or none, with no other writer in between: an engine with several writers takes a
   * lock first. `beforeCommit` runs when only the commit is left to do; an error that it throws undoes the step.
   */
  atomically(statements: readonly Statement[], beforeCommit?: () => void): Promise<void>
  close(): Promise<void>
  /** Changes with every commit of any process. Absent where the engine has no such value, or only at a cost. */
  version?: () => string
}

/** Everything that a step needs. */
export type Context = { connection: Connection; dialect: Dialect }

/** A verb of the store: what it prepares when the store is opened, and the function that is called. */
export type Verb<Name extends keyof Store> = (context: Context) => Store[Name]

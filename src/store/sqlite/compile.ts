// Statements as SQLite's text and the values to bind.
import { type SQL, Placeholder, is } from 'drizzle-orm'
import { SQLiteSyncDialect } from 'drizzle-orm/sqlite-core'
import type { Parameters } from '../steps/connection.ts'

const dialect = new SQLiteSyncDialect()

/** SQLite has no type for true and false: flags are 1 and 0. */
const bindable = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value)

export type Compiled = { text: string; values: (parameters?: Parameters) => unknown[] }

export const compile = (statement: SQL): Compiled => {
  const { sql: text, params } = dialect.sqlToQuery(statement)
  return {
    text,
    values: (parameters = {}) =>
      params.map((value) => (is(value, Placeholder) ? parameters[value.name] : bindable(value))),
  }
}

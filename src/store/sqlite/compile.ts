// Statements as SQLite's text and the values to bind.
import { CasingCache } from 'drizzle-orm/casing'
import { is } from 'drizzle-orm/entity'
import { type SQL, Placeholder } from 'drizzle-orm/sql'
import type { Parameters } from '../steps/connection.ts'

/** SQLite's form of names, parameters and texts. Drizzle's own dialect has them too, and loads 60 modules more. */
const FORM = {
  casing: new CasingCache(),
  escapeName: (name: string): string => `"${name.replaceAll('"', '""')}"`,
  escapeParam: (): string => '?',
  escapeString: (text: string): string => `'${text.replaceAll("'", "''")}'`,
}

/** SQLite has no type for true and false: flags are 1 and 0. */
const bindable = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value)

export type Compiled = { text: string; values: (parameters?: Parameters) => unknown[] }

export const compile = (statement: SQL): Compiled => {
  const { sql: text, params } = statement.toQuery(FORM)
  return {
    text,
    values: (parameters = {}) =>
      params.map((value) => (is(value, Placeholder) ? parameters[value.name] : bindable(value))),
  }
}

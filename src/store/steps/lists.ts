// Lists of any length as one bound value: D1 binds a hundred values in a statement at most.
import { type SQL, sql } from 'drizzle-orm/sql'
import type { Dialect } from './dialect.ts'

export const jsonOf = (values: readonly unknown[]): SQL => sql`${JSON.stringify(values)}`

/** `in` a list of texts: a bound JSON list, or a column or a placeholder with one. */
export const inList = ({ json }: Dialect, list: SQL): SQL =>
  sql`in (select value from ${json.texts(list)})`

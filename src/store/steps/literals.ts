// Constants that are written into a statement instead of being bound. SQLite plans a statement anew at every execution
// where a bound value may decide between partial indexes: `findLogin` would take eight times as long.
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm/sql'

/** A number of ours. */
export const numberOf = (value: number): SQL => sql.raw(String(value))

/** True for a column with this word of ours. */
export const isWord = (column: SQLWrapper, word: string): SQL =>
  sql`${column} = ${sql.raw(`'${word}'`)}`

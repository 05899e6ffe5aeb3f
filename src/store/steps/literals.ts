// Constants that are written into a statement instead of being bound. SQLite plans a statement anew at every execution
// where a bound value may decide between partial indexes: `findLogin` would take eight times as long.
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm/sql'

/** Writes a number of our code into the statement. */
export const numberOf = (value: number): SQL => sql.raw(String(value))

/** Compares a column with a constant of our code. The text is not escaped: bind a text from a request instead. */
export const isWord = (column: SQLWrapper, word: string): SQL =>
  sql`${column} = ${sql.raw(`'${word}'`)}`

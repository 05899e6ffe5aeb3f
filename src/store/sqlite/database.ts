// What better-sqlite3 and D1 have in common, and the pieces that every verb is made of.
import { randomBytes } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core'
import { MAX_REMEMBERED_ANSWERS } from '../../constants.ts'
import type * as schema from '../schema.sqlite.ts'
import { assertions } from '../schema.sqlite.ts'

export type Database = BaseSQLiteDatabase<'sync' | 'async', unknown, typeof schema>

/** A statement that has been built and not yet run. */
export type Statement = BatchItem<'sqlite'>

/** One driver: how several statements become one atomic step. */
export type Driver = {
  db: Database
  /** Runs all or none, in order, no other writer between; `beforeCommit` runs after the last and can still refuse. */
  atomically: (statements: Statement[], beforeCommit?: () => void) => Promise<void>
  close: () => Promise<void>
  /** Another value after every commit, whoever made it. Absent where the engine cannot tell that cheaply. */
  version?: () => string
}

/**
 * A read that is answered from memory while nothing has been committed since: the database is asked for that at
 * every call, so the answer is never older than a read. Without `version` nothing is remembered.
 */
export const remembering = <K extends string, T>(
  { version }: Pick<Driver, 'version'>,
  read: (key: K) => Promise<T>,
): ((key: K) => Promise<T>) => {
  if (version === undefined) return read
  const answers = new Map<K, T>()
  let known = ''
  return async (key) => {
    const current = version()
    if (current !== known || answers.size >= MAX_REMEMBERED_ANSWERS) answers.clear()
    known = current
    const remembered = answers.get(key)
    if (remembered !== undefined) return remembered
    const answer = await read(key)
    if (known === current) answers.set(key, answer) // else this one is of an older state
    return answer
  }
}

/** A new etag. Random, so that "the row has this etag" means "the change before this statement took effect". */
export const newEtag = (): string => randomBytes(12).toString('base64url')

/** `in` a list of any length, as one parameter (D1 binds a hundred at the most). */
export const inList = (values: string[]): SQL =>
  sql`in (select value from json_each(${JSON.stringify(values)}))`

/** Names of the checks on `assertions`, which the driver's error message carries. */
export type Assertion = 'unchanged' | 'administrable' | 'within_limit'

const COLUMN = {
  unchanged: 'unchanged',
  administrable: 'administrable',
  within_limit: 'withinLimit',
} as const satisfies Record<Assertion, keyof typeof assertions.$inferInsert>

/** A statement that takes the whole step back unless `condition` holds when it runs. */
export const assert = (db: Database, assertion: Assertion, condition: SQL): Statement => {
  const column = assertions[COLUMN[assertion]]
  // Selects no row where the condition holds, so the table stays empty.
  const row = sql.join(
    [assertions.unchanged, assertions.administrable, assertions.withinLimit].map((c) =>
      c === column ? sql`0` : sql`null`,
    ),
    sql`, `,
  )
  return db.insert(assertions).select(sql`select ${row} where not (${condition})`) as Statement
}

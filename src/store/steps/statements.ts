// Statements that change rows, as values: a step is a list of them, which the connection runs as one.
import { randomBytes } from 'node:crypto'
import { type SQL, type SQLWrapper, and, eq, sql } from 'drizzle-orm/sql'
import {
  type Changes,
  type Column,
  type Columns,
  type NewRow,
  type Table,
} from '../tables/column.ts'
import { columnsOf } from '../tables/column.ts'
import { assertions } from '../tables/server.ts'
import type { Statement } from './connection.ts'
import type { Assertion } from './dialect.ts'

const isExpression = (value: unknown): value is SQLWrapper =>
  typeof value === 'object' && value !== null && 'getSQL' in value

type Assigned = { name: SQL; value: SQL }

/** The columns of a change, each with its value; undefined is left out. */
const assigned = (columns: Columns, changes: Readonly<Record<string, unknown>>): Assigned[] =>
  Object.entries(changes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      const column = columns[key] as Column
      return {
        name: sql`${sql.identifier(column.traits.name)}`,
        value: isExpression(value) ? sql`${value}` : sql`${column.encode(value)}`,
      }
    })

const commaSeparated = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `)

const where = (condition: SQL | undefined): SQL | undefined =>
  condition === undefined ? undefined : sql`where ${condition}`

export const insert = <C extends Columns>(table: Table<C>, row: NewRow<C>): Statement => {
  const values = assigned(columnsOf(table), row)
  return sql`insert into ${table} (${commaSeparated(values.map(({ name }) => name))})
    values (${commaSeparated(values.map(({ value }) => value))})`
}

/** @param rows a SELECT of these columns, and an ON CONFLICT behind it */
export const insertFrom = <C extends Columns>(
  table: Table<C>,
  columns: readonly (keyof C)[],
  rows: SQL,
): Statement => {
  const names = columns.map((key) => sql`${sql.identifier(columnsOf(table)[key]!.traits.name)}`)
  return sql`insert into ${table} (${commaSeparated(names)}) ${rows}`
}

export const update = <C extends Columns>(
  table: Table<C>,
  changes: Changes<C>,
  condition?: SQL,
): Statement => {
  const values = assigned(columnsOf(table), changes)
  const assignments = values.map(({ name, value }) => sql`${name} = ${value}`)
  return sql`update ${table} set ${commaSeparated(assignments)} ${where(condition)}`
}

export const deleteFrom = (table: SQLWrapper, condition: SQL | undefined): Statement =>
  sql`delete from ${table} ${where(condition)}`

/** A new etag. It is random, so a row with this etag was changed by an earlier statement of the same step. */
export const newEtag = (): string => randomBytes(12).toString('base64url')

const ASSERTED = {
  unchanged: 'unchanged',
  administrable: 'administrable',
  within_limit: 'withinLimit',
} as const satisfies Record<Assertion, keyof typeof assertions>

/** A statement that undoes the whole step unless `condition` holds when it runs. It selects no row where it holds. */
export const assert = (assertion: Assertion, condition: SQL): Statement =>
  insertFrom(assertions, [ASSERTED[assertion]], sql`select false where not (${condition})`)

/** Asserts that an earlier statement of the step has changed this row and marked it with this etag. */
export const assertMarked = (
  table: SQLWrapper & { id: Column<string>; etag: Column<string> },
  id: string,
  etag: string,
): Statement =>
  assert(
    'unchanged',
    sql`exists (select 1 from ${table} where ${and(eq(table.id, id), eq(table.etag, etag))})`,
  )

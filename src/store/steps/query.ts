// Reads: which values a row has, and how each is decoded.
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm/sql'
import { parseJson } from '../tables/column.ts'
import type { Connection, Parameters, RawRow, Statement } from './connection.ts'

/** A value of a row. Columns are fields; `computed` and `json` make others. */
export type Field<T = unknown> = SQLWrapper & { decode(value: unknown): T }

const decodedBy = <T>(expression: SQL, decode: (value: unknown) => T): Field<T> => ({
  getSQL: () => expression,
  shouldOmitSQLParens: () => true,
  decode,
})

/** A text or a number that is computed. The driver answers it as it is. */
export const computed = <T extends string | number | null>(expression: SQL): Field<T> =>
  decodedBy(expression, (value) => value as T)

/** JSON that is computed. */
export const computedJson = <T>(expression: SQL): Field<T> =>
  decodedBy(expression, (value) => parseJson(value) as T)

/** A part of a row: an object, or null where its first field is null, as a left join answers. */
export type Part<F extends Fields = Fields> = { readonly optional: F }

export type Fields = { readonly [name: string]: Field | Part }

export type RowOf<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<infer T>
    ? T
    : F[K] extends Part<infer P>
      ? RowOf<P> | null
      : never
}

export type Query<T> = { statement: Statement; decode: (row: RawRow) => T }

const isField = (field: Field | Part): field is Field => 'decode' in field

const flattened = (fields: Fields): Field[] =>
  Object.values(fields).flatMap((field) => (isField(field) ? [field] : flattened(field.optional)))

type Reader = (row: RawRow) => unknown

/** Reads an object from the values of a row, the first of which is at `start`. */
const readerOf = (fields: Fields, start: number): Reader => {
  let next = start
  const readers = Object.entries(fields).map(([name, field]): [string, Reader] => {
    const at = next
    next += isField(field) ? 1 : flattened(field.optional).length
    if (isField(field)) return [name, (row) => field.decode(row[at])]
    const read = readerOf(field.optional, at)
    return [name, (row) => (row[at] === null ? null : read(row))]
  })
  return (row) => {
    const object: Record<string, unknown> = {}
    for (const [name, read] of readers) object[name] = read(row)
    return object
  }
}

/** @param rest the statement behind its list of values, from FROM on */
export const select = <F extends Fields>(fields: F, rest: SQL): Query<RowOf<F>> => ({
  statement: sql`select ${sql.join(flattened(fields), sql`, `)} ${rest}`,
  decode: readerOf(fields, 0) as (row: RawRow) => RowOf<F>,
})

export const readAll = async <T>(connection: Connection, query: Query<T>): Promise<T[]> => {
  const rows = await connection.run(query.statement)
  return rows.map(query.decode)
}

export const readFirst = async <T>(connection: Connection, query: Query<T>): Promise<T | null> => {
  const [row] = await connection.run(query.statement)
  return row === undefined ? null : query.decode(row)
}

/** A query that is planned once and run often. */
export const prepared = <T>(
  connection: Connection,
  { statement, decode }: Query<T>,
): ((parameters: Parameters) => Promise<T[]>) => {
  const run = connection.prepare(statement)
  return async (parameters) => (await run(parameters)).map(decode)
}

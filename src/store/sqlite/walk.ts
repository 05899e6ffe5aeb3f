// Lists in the order of an index, read in steps: each statement looks at LIST_STEP_ENTRIES entries of the index at the
// most, because better-sqlite3 answers on the main thread.
import { Column, type SQL, type SQLWrapper, and, is, sql } from 'drizzle-orm'
import { LIST_BATCH_ROWS, LIST_STEP_ENTRIES } from '../../constants.ts'
import { letOthersRun } from '../pause.ts'
import type { SelectResultFields } from 'drizzle-orm/query-builders/select.types'
import type { SelectedFields } from 'drizzle-orm/sqlite-core'
import type { Part, Position } from '../store.ts'
import type { Database } from './database.ts'
import { inList } from './database.ts'

/** Where a list goes on: the values of the columns of its order. */
type Place = readonly (string | number)[]

type Conditions = readonly (SQL | undefined)[]

export type Walk = {
  /** The table. */
  table: string
  /** The index that has the entries of the list in its order; null: the row number is the order. */
  index: string | null
  /** Conditions that the index answers by itself. */
  within: Conditions
  /** Conditions that each row is asked. */
  filters: Conditions
  /** The columns of the order. */
  order: readonly string[]
  /** A place before every row. */
  start: Place
  /** The list is as short as the list of ids in a condition: rows are looked up by these, and sorted. */
  isFew?: boolean
}

/** One statement of a list, to be completed by its columns. */
export type Step = { source: SQL; where: SQL | undefined; order: SQL; limit: number }

type Reading<T> = {
  after: Place | undefined
  limit: number | undefined
  read: (step: Step) => PromiseLike<T[]>
  placeOf: (row: T) => Place
}

const columnsOf = ({ table, order }: Walk): SQL =>
  sql.raw(order.map((column) => [table, column].join('.')).join(', '))

const sourceOf = ({ table, index, isFew }: Walk): SQL => {
  if (index !== null) return sql.raw(`${table} indexed by ${index}`)
  return sql.raw(isFew === true ? table : `${table} not indexed`)
}

const valuesOf = (place: Place): SQL =>
  sql.join(
    place.map((value) => sql`${value}`),
    sql`, `,
  )

const behind = (walk: Walk, place: Place): SQL => sql`(${columnsOf(walk)}) > (${valuesOf(place)})`

/** Finds where a step ends that begins behind this place; null: at the end of the list. */
const endOf = async (db: Database, walk: Walk, place: Place): Promise<Place | null> => {
  const columns = columnsOf(walk)
  const [last] = await db.all<Record<string, string | number>>(sql`
    select ${columns} from ${sourceOf(walk)} where ${and(...walk.within, behind(walk, place))}
    order by ${columns} limit 1 offset ${LIST_STEP_ENTRIES - 1}`)
  return last === undefined ? null : Object.values(last)
}

const isSaid = (condition: SQL | undefined): boolean => condition !== undefined

/**
 * Reads the rows behind a place, and lets other requests be answered between two statements. Rows that are written
 * meanwhile are in the list if they are behind what has been read.
 */
export const readWalk = async <T>(
  db: Database,
  walk: Walk,
  { after, limit = Infinity, read, placeOf }: Reading<T>,
): Promise<T[]> => {
  const rows: T[] = []
  const inSteps = walk.filters.some(isSaid) && walk.isFew !== true
  let place: Place | null = after ?? walk.start
  while (place !== null) {
    const wanted = Math.min(LIST_BATCH_ROWS, limit - rows.length)
    const end: Place | null = inSteps ? await endOf(db, walk, place) : null
    const within = end === null ? undefined : sql`(${columnsOf(walk)}) <= (${valuesOf(end)})`
    const found = await read({
      source: sourceOf(walk),
      where: and(...walk.within, ...walk.filters, behind(walk, place), within),
      order: columnsOf(walk),
      limit: wanted,
    })
    rows.push(...found)
    const last = found.at(-1)
    place = last !== undefined && found.length === wanted ? placeOf(last) : end
    if (rows.length >= limit) break
    if (place !== null) await letOthersRun()
  }
  return rows
}

/** Columns of a table that is named by `source`, which drizzle does not know. */
export const columnsIn = <T extends Record<string, SQLWrapper>>(columns: T): T =>
  Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [
      name,
      is(column, Column) ? sql`${column}`.mapWith(column) : column,
    ]),
  ) as unknown as T // rows are mapped as by the columns

/** Reads these columns of the rows of a step. */
export const reading =
  <T extends SelectedFields & Record<string, SQLWrapper>>(db: Database, columns: T) =>
  async ({ source, where, order, limit }: Step): Promise<SelectResultFields<T>[]> => {
    const fields: SelectedFields = columnsIn(columns)
    const rows = await db.select(fields).from(source).where(where).orderBy(order).limit(limit)
    return rows as SelectResultFields<T>[] // a table that drizzle does not know has the same columns
  }

/** The order of most lists: by the time at which a row was made, then by its id. */
export const BY_AGE = { order: ['created_at', 'id'], start: [-1, ''] } as const

/** A part of a list in that order. */
export const partByAge = <T extends Position>(
  { after, limit }: Part,
  read: Reading<T>['read'],
): Reading<T> => ({
  limit,
  read,
  after: after && [after.createdAt, after.id],
  placeOf: ({ createdAt, id }) => [createdAt, id],
})

/** Lists in the order of age: all rows by the index of that order, or those with these ids. */
export const walkByAge = (
  table: string,
  { ids, filters }: { ids?: string[] | undefined; filters: Conditions },
): Walk =>
  ids === undefined
    ? { ...BY_AGE, table, index: `${table}_age`, within: [], filters }
    : {
        ...BY_AGE,
        table,
        index: null,
        isFew: true,
        filters,
        within: [sql`${sql.raw(table)}.id ${inList(ids)}`],
      }

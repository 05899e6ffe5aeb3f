// Lists in the order of an index, read in steps: each statement looks at LIST_STEP_ENTRIES entries of the index at
// most, because a driver may answer on the main thread.
import { type SQL, and, sql } from 'drizzle-orm/sql'
import { LIST_BATCH_ROWS, LIST_STEP_ENTRIES } from '../../constants.ts'
import { letOthersRun } from '../pause.ts'
import type { Part, Position } from '../types/lists.ts'
import type { Context } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { inList, jsonOf } from './lists.ts'
import { type Fields, type RowOf, readAll, select } from './query.ts'

/** A place in a list: the values of the columns of its order. */
type Place = readonly (string | number)[]

type Conditions = readonly (SQL | undefined)[]

export type Walk = {
  table: string
  /** The index that has the entries of the list in its order; null: the order of the table's integer key. */
  index: string | null
  /** Conditions that select a range of the index. */
  within: Conditions
  /** Conditions that are checked for each row. */
  filters: Conditions
  /** The columns of the order. */
  order: readonly string[]
  /** A place before every row. */
  start: Place
  /** True for a list that is as short as the list of ids in a condition: rows are looked up by these, and sorted. */
  isFew?: boolean
}

/** One statement of a list, to be completed by its fields. */
type Step = { source: SQL; where: SQL | undefined; order: SQL; limit: number }

type Reading<T> = {
  after: Place | undefined
  limit: number | undefined
  read: (step: Step) => Promise<T[]>
  placeOf: (row: T) => Place
}

const columnsOf = ({ table, order }: Walk): SQL =>
  sql.raw(order.map((column) => [table, column].join('.')).join(', '))

const sourceOf = ({ readBy }: Dialect, { table, index, isFew }: Walk): SQL =>
  isFew === true ? sql.raw(table) : readBy(table, index)

const valuesOf = (place: Place): SQL =>
  sql.join(
    place.map((value) => sql`${value}`),
    sql`, `,
  )

const behind = (walk: Walk, place: Place): SQL => sql`(${columnsOf(walk)}) > (${valuesOf(place)})`

/** Finds the end of a step that begins behind this place; null: at the end of the list. */
const endOf = async (
  { connection, dialect }: Context,
  walk: Walk,
  place: Place,
): Promise<Place | null> => {
  const columns = columnsOf(walk)
  const [last] = await connection.run(sql`
    select ${columns} from ${sourceOf(dialect, walk)} where ${and(...walk.within, behind(walk, place))}
    order by ${columns} limit 1 offset ${LIST_STEP_ENTRIES - 1}`)
  return last === undefined ? null : (last as Place)
}

/**
 * Reads the rows behind a place, and lets other requests be served between two statements. A row that is written
 * meanwhile is in the list if its place is behind the rows that have been read.
 */
export const readWalk = async <T>(
  context: Context,
  walk: Walk,
  { after, limit = Infinity, read, placeOf }: Reading<T>,
): Promise<T[]> => {
  const rows: T[] = []
  const hasFilters = walk.filters.some((condition) => condition !== undefined)
  const inSteps = hasFilters && walk.isFew !== true
  let place: Place | null = after ?? walk.start
  while (place !== null) {
    const wanted = Math.min(LIST_BATCH_ROWS, limit - rows.length)
    const end: Place | null = inSteps ? await endOf(context, walk, place) : null
    const within = end === null ? undefined : sql`(${columnsOf(walk)}) <= (${valuesOf(end)})`
    const found = await read({
      source: sourceOf(context.dialect, walk),
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

/** Reads these fields of the rows of a step. */
export const reading =
  <F extends Fields>({ connection }: Context, fields: F) =>
  ({ source, where, order, limit }: Step): Promise<RowOf<F>[]> =>
    readAll(
      connection,
      select(fields, sql`from ${source} where ${where} order by ${order} limit ${limit}`),
    )

/** The order of most lists: by the creation time of a row, then by its id. */
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

/**
 * A list in the order of age: all rows by the index of that order, or the rows with these ids.
 * @param within the condition of that index, if it is a partial one
 */
export const walkByAge = (
  dialect: Dialect,
  table: string,
  {
    ids,
    within = [],
    filters,
  }: { ids?: string[] | undefined; within?: Conditions; filters: Conditions },
): Walk =>
  ids === undefined
    ? { ...BY_AGE, table, index: `${table}_age`, within, filters }
    : {
        ...BY_AGE,
        table,
        index: null,
        isFew: true,
        filters,
        within: [...within, sql`${sql.raw(table)}.id ${inList(dialect, jsonOf(ids))}`],
      }

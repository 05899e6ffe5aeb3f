// Pages of lists: the rows after a cursor, at most `limit` of them.
import { z } from 'zod'
import {
  AUDIT_LIST_BATCH_ROWS,
  MAX_AUDIT_LIST_STEPS,
  MAX_CURSOR_CHARS,
  MAX_PAGE,
  MAX_PAGE_CHARS,
  PAGE_BATCH_ROWS,
} from '../constants.ts'
import { withSent } from '../text/field-sentences.ts'
import { letOthersRun } from '../store/pause.ts'
import type { Part, Position } from '../store/store.ts'
import { fieldsRefused } from './refusals.ts'

/** Converts a text of digits to its number, because a query has only texts; any other value is returned as it is. */
const wholeNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value

const NO_CURSOR = 'must be a next_cursor of this list'

/** Parameters of every list. The command line sends no `limit` and gets all rows. */
export const pageFields = {
  limit: z
    .preprocess(
      wholeNumber,
      z
        .int({ error: `must be a whole number from 1 to ${MAX_PAGE}` })
        .min(1, { error: `must be from 1 to ${MAX_PAGE}` })
        .max(MAX_PAGE, { error: `must be from 1 to ${MAX_PAGE}` }),
    )
    .optional()
    .meta({ description: 'Most items of a page; fewer if they are long.' }),
  cursor: z
    .string()
    .max(MAX_CURSOR_CHARS, { error: NO_CURSOR })
    .optional()
    .meta({ description: '`next_cursor` of the page before.' }),
}

/** One page of a list; `next_cursor` is null in the last one. */
export type Listed<T> = { items: T[]; next_cursor: string | null }

/** `list` names the list: the cursor of another list is refused. */
type PageInput = { list: string; limit?: number | undefined; cursor?: string | undefined }

const encode = (position: unknown): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url')

const POSITION = z.tuple([z.int().nonnegative(), z.string()])
const SEQUENCE = z.tuple([z.int().nonnegative()])

/** Decodes a cursor. It has only a position: each page checks anew which rows the administrator may see. */
const decode = <T extends z.ZodType>(cursor: string, list: string, schema: T): z.output<T> => {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const [, position] = z.tuple([z.literal(list), schema]).parse(decoded)
    return position as z.output<T>
  } catch {
    const detail = withSent(NO_CURSOR, { path: ['cursor'], code: 'custom' }, cursor)
    throw fieldsRefused('invalid_value', [{ field: 'cursor', detail }])
  }
}

/** Reads one row more than the limit: its presence shows that there is a next page. */
const readPage = async <P, T>(
  { limit, after }: Part<P>,
  read: (part: Part<P>) => Promise<T[]>,
  { list, positionOf }: { list: string; positionOf: (row: T) => P },
): Promise<Listed<T>> => {
  const { rows, cut } =
    limit === undefined
      ? { rows: await read({ after }), cut: false }
      : await readUpTo({ after, limit: limit + 1 }, read, positionOf)
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const more = last !== undefined && (cut || rows.length > items.length)
  return { items, next_cursor: more ? encode([list, toCursor(positionOf(last))]) : null }
}

/** Reads rows in batches, up to MAX_PAGE_CHARS: a thousand clients can be 128 MB. */
const readUpTo = async <P, T>(
  { after, limit }: { after: P | undefined; limit: number },
  read: (part: Part<P>) => Promise<T[]>,
  positionOf: (row: T) => P,
): Promise<{ rows: T[]; cut: boolean }> => {
  const rows: T[] = []
  for (let chars = 0; ;) {
    const last = rows.at(-1)
    const batchSize = Math.min(PAGE_BATCH_ROWS, limit - rows.length)
    const batch = await read({ after: last ? positionOf(last) : after, limit: batchSize })
    rows.push(...batch)
    if (batch.length < batchSize || rows.length === limit) return { rows, cut: false }
    chars += JSON.stringify(batch).length
    if (chars > MAX_PAGE_CHARS) return { rows, cut: true }
    await letOthersRun()
  }
}

const toCursor = (position: unknown): unknown =>
  typeof position === 'number'
    ? [position]
    : [(position as Position).createdAt, (position as Position).id]

/** Page of a list in the order of creation. */
export const pageByAge = async <T extends Position, V>(
  { list, limit, cursor }: PageInput,
  read: (part: Part) => Promise<T[]>,
  view: (row: T) => V,
): Promise<Listed<V>> => {
  const [createdAt, id] = cursor === undefined ? [] : decode(cursor, list, POSITION)
  const after = createdAt === undefined || id === undefined ? undefined : { createdAt, id }
  const positionOf = ({ createdAt: at, id: rowId }: T) => ({ createdAt: at, id: rowId })
  const { items, ...rest } = await readPage({ limit, after }, read, { list, positionOf })
  return { items: items.map(view), ...rest }
}

/** Page of a list in the order of `seq`. */
export const pageBySeq = async <T extends { seq: number }, V>(
  { list, limit, cursor }: PageInput,
  read: (part: Part<number>) => Promise<T[]>,
  view: (row: T) => V,
): Promise<Listed<V>> => {
  const [after] = cursor === undefined ? [] : decode(cursor, list, SEQUENCE)
  const positionOf = ({ seq }: T) => seq
  const { items, ...rest } = await readPage({ limit, after }, read, { list, positionOf })
  return { items: items.map(view), ...rest }
}

type Stepped<T> = { rows: T[]; next: number | null }

/** Reads steps up to the limit, to MAX_PAGE_CHARS, or to MAX_AUDIT_LIST_STEPS where few rows match. */
const readSteps = async <T extends { seq: number }>(
  { after, limit }: { after: number | null; limit: number },
  read: (step: { after: number | null; limit: number }) => Promise<Stepped<T>>,
): Promise<Stepped<T>> => {
  const rows: T[] = []
  let next = after
  let chars = 0
  for (let step = 0; step < MAX_AUDIT_LIST_STEPS && chars <= MAX_PAGE_CHARS; step++) {
    const batchSize = Math.min(AUDIT_LIST_BATCH_ROWS, limit - rows.length)
    const batch = await read({ after: next, limit: batchSize })
    rows.push(...batch.rows)
    next = batch.next
    if (next === null || rows.length === limit) break
    chars += JSON.stringify(batch.rows).length
  }
  return { rows, next }
}

/** The number in an address; null for a text that is no number of a row. */
export const sequenceNumber = (sent: string): number | null =>
  /^\d{1,15}$/.test(sent) ? Number(sent) : null

/** Page of a list in the order of `seq` whose steps may match no row: such a page can be short, or empty. */
export const pageInSteps = async <T extends { seq: number }, V>(
  { list, limit, cursor }: PageInput & { limit: number },
  read: (step: { after: number | null; limit: number }) => Promise<Stepped<T>>,
  view: (row: T) => V,
): Promise<Listed<V>> => {
  const [after = null] = cursor === undefined ? [] : decode(cursor, list, SEQUENCE)
  const { rows, next } = await readSteps({ after, limit: limit + 1 }, read)
  const items = rows.slice(0, limit)
  const position = rows.length > limit ? (items.at(-1)?.seq ?? null) : next
  return {
    items: items.map(view),
    next_cursor: position === null ? null : encode([list, toCursor(position)]),
  }
}

/** Page of a list that is read whole, in the order of creation or in the reverse order. */
export const pageOfRows = async <T extends Position, V>(
  page: PageInput,
  { rows, newestFirst, view }: { rows: readonly T[]; newestFirst: boolean; view: (row: T) => V },
): Promise<Listed<V>> => {
  const isBehind = (row: T, after: Position): boolean => {
    const younger =
      row.createdAt === after.createdAt ? row.id > after.id : row.createdAt > after.createdAt
    return row.id !== after.id && younger !== newestFirst
  }
  const read = async ({ after, limit }: Part) =>
    rows.filter((row) => after === undefined || isBehind(row, after)).slice(0, limit)
  return await pageByAge(page, read, view)
}

// Reads of audit events in steps: each statement looks at AUDIT_STEP_ROWS rows or index entries at most, because a
// driver may answer on the main thread.
import { type SQL, sql } from 'drizzle-orm/sql'
import { AUDIT_STEP_ROWS, TARGET_SEPARATOR } from '../../constants.ts'
import { auditEvents } from '../tables/audit.ts'
import { columnsOf } from '../tables/column.ts'
import type { AuditFilter, AuditPage, AuditPart } from '../types/audit.ts'
import type { Context } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { readAll, readFirst, select } from './query.ts'

/** Filters for one value, each with its column and the index that has the rows of the value in the order of `seq`. */
const EQUALS = {
  requestId: ['request_id', 'audit_events_request'],
  target: ['target', 'audit_events_target'],
  actor: ['actor', 'audit_events_actor'],
  action: ['action', 'audit_events_action'],
  outcome: ['outcome', 'audit_events_outcome'],
} as const satisfies Partial<Record<keyof AuditFilter, [column: string, index: string]>>

/** The index that a step reads by; null: the order of `seq`. */
type Index = string | null

const BY_TIME = 'audit_events_time'
const BY_SEQ = null

const EVERY = sql`true`
const all = (conditions: SQL[]): SQL =>
  conditions.length === 0 ? EVERY : sql.join(conditions, sql` and `)

/** One filter for a value: the index that finds its rows, and the condition that they fulfil. */
type Value = { index: Index; condition: SQL }

const valuesOf = (filter: AuditFilter): Value[] =>
  Object.entries(EQUALS).flatMap(([name, [column, index]]) => {
    const value = filter[name as keyof typeof EQUALS]
    return value === undefined ? [] : [{ index, condition: sql`${sql.raw(column)} = ${value}` }]
  })

const timesOf = ({ since, until }: AuditFilter): SQL[] => [
  ...(since === undefined ? [] : [sql`created_at >= ${since}`]),
  ...(until === undefined ? [] : [sql`created_at < ${until}`]),
]

/** The row of a client, looked up by its id: the cost of a row does not grow with the number of clients. */
const isActor = (where: SQL): SQL => sql`(substr(actor, 1, 7) = 'client:'
  and exists (select 1 from clients where id = substr(actor, 8) and ${where}))`

/**
 * Selects events by clients of the workspace, and events about it, its clients, enrollments, resources and runs.
 * Deleted clients and resources stay in their workspace. An attempt by a client of another workspace is left out: it
 * was refused as if the id did not exist, and the other workspace sees it. Rows of older versions name a run or a
 * resource by an ambiguous text, so only unbound administrators see them.
 */
const ofWorkspace = ({ beforeFirst, behindFirst }: Dialect, id: string): SQL => {
  /** An id of one kind can be spelled like one of another, so the kind of the action decides. */
  const isKind = (...kinds: string[]): SQL =>
    sql`${beforeFirst(sql`action`, '.')} in (${sql.raw(kinds.map((k) => `'${k}'`).join(', '))})`
  const first = beforeFirst(sql`target`, TARGET_SEPARATOR)
  const second = behindFirst(sql`target`, TARGET_SEPARATOR)
  return sql`(${isActor(sql`workspace_id = ${id}`)}
    or (((${isKind('client', 'secret', 'token')}
          and exists (select 1 from clients where id = target and workspace_id = ${id}))
        or (${isKind('enrollment', 'client')}
          and exists (select 1 from enrollments where id = target and workspace_id = ${id}))
        or (${isKind('resource')}
          and exists (select 1 from resources
            where type = ${first} and id = ${second} and workspace_id = ${id}))
        or (${isKind('run')} and ${first} = ${id}
          and exists (select 1 from closed_runs where workspace_id = ${id} and identifier = ${second}))
        or (${isKind('workspace')} and target = ${id}))
      and not ${isActor(sql`workspace_id <> ${id}`)}))`
}

type Range = Pick<AuditPage, 'after' | 'upTo' | 'newestFirst'>

const inRange = ({ after, upTo, newestFirst }: Range): SQL[] => [
  ...(after === null ? [] : [newestFirst ? sql`seq < ${after}` : sql`seq > ${after}`]),
  ...(upTo === undefined ? [] : [sql`seq <= ${upTo}`]),
]

const inOrder = ({ newestFirst }: Range): SQL =>
  newestFirst ? sql`order by seq desc` : sql`order by seq`

/** One step: the index that it reads by, and the number that it ends at; null: at the end of the table. */
type Step = { index: Index; end: number | null }

const events = (dialect: Dialect, index: Index): SQL => dialect.readBy('audit_events', index)

const seq = { seq: auditEvents.seq }

/** Finds the end of a step that looks at the rows of one value, or at all rows. */
const endOf = async (
  { connection, dialect }: Context,
  range: Range,
  { index, condition }: Value,
): Promise<number | null> => {
  const last = select(
    seq,
    sql`from ${events(dialect, index)} where ${all([condition, ...inRange(range)])}
      ${inOrder(range)} limit 1 offset ${AUDIT_STEP_ROWS - 1}`,
  )
  return (await readFirst(connection, last))?.seq ?? null
}

/** True if one step reads all events of this time. Their numbers need not be in the order of their times. */
const fitsIntoStep = async ({ connection, dialect }: Context, times: SQL[]): Promise<boolean> => {
  const beyond = select(
    seq,
    sql`from ${events(dialect, BY_TIME)} where ${all(times)} limit 1 offset ${AUDIT_STEP_ROWS - 1}`,
  )
  return (await readFirst(connection, beyond)) === null
}

/** Chooses the index whose step reads to the end of the table, else the one whose step comes nearest to it. */
const chooseStep = async (context: Context, { filter, ...range }: AuditPage): Promise<Step> => {
  const values = valuesOf(filter)
  const times = timesOf(filter)
  let farthest: Step | null = null
  const isFarther = (end: number, than: number): boolean =>
    range.newestFirst ? end < than : end > than
  for (const value of values) {
    const step = { index: value.index, end: await endOf(context, range, value) }
    if (step.end === null) return step
    if (farthest?.end == null || isFarther(step.end, farthest.end)) farthest = step
  }
  if (times.length > 0 && (await fitsIntoStep(context, times))) return { index: BY_TIME, end: null }
  if (farthest !== null) return farthest
  return { index: BY_SEQ, end: await endOf(context, range, { index: BY_SEQ, condition: EVERY }) }
}

/** @returns where the next step begins; null at the end, and at a number that is not exact in JavaScript */
const nextOf = (next: number | null | undefined, after: number | null): number | null =>
  next === after ? null : (next ?? null)

export const readAuditEvents = async (context: Context, page: AuditPage): Promise<AuditPart> => {
  const { connection, dialect } = context
  const { filter, after, limit, newestFirst } = page
  const conditions = [
    ...valuesOf(filter).map(({ condition }) => condition),
    ...timesOf(filter),
    ...(filter.workspaceId === undefined ? [] : [ofWorkspace(dialect, filter.workspaceId)]),
  ]
  // Each row that a statement without a filter looks at is a row of the answer.
  const { index, end } =
    conditions.length === 0 ? { index: BY_SEQ, end: null } : await chooseStep(context, page)
  const within = end === null ? [] : [newestFirst ? sql`seq >= ${end}` : sql`seq <= ${end}`]
  const step = select(
    columnsOf(auditEvents),
    sql`from ${events(dialect, index)}
      where ${all([...inRange(page), ...within, ...conditions])} ${inOrder(page)} limit ${limit}`,
  )
  const rows = await readAll(connection, step)
  return { rows, next: nextOf(rows.length < limit ? end : rows.at(-1)?.seq, after) }
}

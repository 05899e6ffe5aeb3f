// Reads of audit events in steps: each statement looks at AUDIT_STEP_ROWS rows or index entries at the most, because
// better-sqlite3 answers on the main thread.
import { type SQL, sql } from 'drizzle-orm'
import { AUDIT_STEP_ROWS, TARGET_SEPARATOR } from '../../constants.ts'
import type { AuditFilter, AuditPage, AuditPart, AuditRow } from '../store.ts'
import type { Database } from './database.ts'

/** Filters for one value, each with its column and the index that finds the value in the order of `seq`. */
const EQUALS = {
  requestId: ['request_id', 'audit_events_request'],
  target: ['target', 'audit_events_target'],
  actor: ['actor', 'audit_events_actor'],
  action: ['action', 'audit_events_action'],
  outcome: ['outcome', 'audit_events_outcome'],
} as const satisfies Partial<Record<keyof AuditFilter, [column: string, index: string]>>

const BY_TIME = sql`indexed by audit_events_time`
const BY_SEQ = sql`not indexed`

const EVERY = sql`true`
const all = (conditions: SQL[]): SQL =>
  conditions.length === 0 ? EVERY : sql.join(conditions, sql` and `)

/** One filter for a value: how its rows are found, and what they have in common. */
type Value = { index: SQL; condition: SQL }

const valuesOf = (filter: AuditFilter): Value[] =>
  Object.entries(EQUALS).flatMap(([name, [column, index]]) => {
    const value = filter[name as keyof typeof EQUALS]
    return value === undefined
      ? []
      : [{ index: sql.raw(`indexed by ${index}`), condition: sql`${sql.raw(column)} = ${value}` }]
  })

const timesOf = ({ since, until }: AuditFilter): SQL[] => [
  ...(since === undefined ? [] : [sql`created_at >= ${since}`]),
  ...(until === undefined ? [] : [sql`created_at < ${until}`]),
]

/** The rows whose action is of one of these kinds: an id of one kind may be spelled like one of another. */
const isKind = (...kinds: string[]): SQL =>
  sql.raw(`substr(action, 1, instr(action, '.') - 1) in (${kinds.map((k) => `'${k}'`).join(', ')})`)

/** The row of a client, looked up by its id: the cost of a row does not grow with the number of clients. */
const isActor = (where: SQL): SQL => sql`(substr(actor, 1, 7) = 'client:'
  and exists (select 1 from clients where id = substr(actor, 8) and ${where}))`

/** The part of a target before its first separator, and the part behind it. */
const FIRST = sql.raw(`substr(target, 1, instr(target, '${TARGET_SEPARATOR}') - 1)`)
const SECOND = sql.raw(`substr(target, instr(target, '${TARGET_SEPARATOR}') + 1)`)

/**
 * Events by clients of the workspace, and those about it, its clients, enrollments, resources and runs. Deleted
 * clients and resources stay in their workspace. Attempts by clients of another workspace are left out: they were
 * refused as for ids that do not exist, and the other workspace sees them. Rows of older versions name a run or a
 * resource by text that can mean several, so only unbound administrators see them.
 */
const ofWorkspace = (id: string): SQL => sql`(${isActor(sql`workspace_id = ${id}`)}
  or (((${isKind('client', 'secret', 'token')}
        and exists (select 1 from clients where id = target and workspace_id = ${id}))
      or (${isKind('enrollment', 'client')}
        and exists (select 1 from enrollments where id = target and workspace_id = ${id}))
      or (${isKind('resource')} and instr(target, ${TARGET_SEPARATOR}) > 0
        and exists (select 1 from resources
          where type = ${FIRST} and id = ${SECOND} and workspace_id = ${id}))
      or (${isKind('run')} and ${FIRST} = ${id}
        and exists (select 1 from closed_runs where workspace_id = ${id} and identifier = ${SECOND}))
      or (${isKind('workspace')} and target = ${id}))
    and not ${isActor(sql`workspace_id <> ${id}`)}))`

type Range = Pick<AuditPage, 'after' | 'upTo' | 'newestFirst'>

const inRange = ({ after, upTo, newestFirst }: Range): SQL[] => [
  ...(after === null ? [] : [newestFirst ? sql`seq < ${after}` : sql`seq > ${after}`]),
  ...(upTo === undefined ? [] : [sql`seq <= ${upTo}`]),
]

const inOrder = ({ newestFirst }: Range): SQL =>
  newestFirst ? sql`order by seq desc` : sql`order by seq`

/** The rows of one step: found by this index, up to this number; null: to the end of the table. */
type Step = { index: SQL; end: number | null }

/** Finds where a step ends that looks at the rows of one value, or at all rows. */
const endOf = async (
  db: Database,
  range: Range,
  { index, condition }: Value,
): Promise<number | null> => {
  const [last] = await db.all<{ seq: number }>(sql`
    select seq from audit_events ${index} where ${all([condition, ...inRange(range)])}
    ${inOrder(range)} limit 1 offset ${AUDIT_STEP_ROWS - 1}`)
  return last?.seq ?? null
}

/** Tells whether one step reads all events of this time. Their numbers need not be in the order of their times. */
const fitsIntoStep = async (db: Database, times: SQL[]): Promise<boolean> => {
  const [found] = await db.all<{ n: number }>(sql`
    select count(*) as n from (
      select 1 from audit_events ${BY_TIME} where ${all(times)} limit ${AUDIT_STEP_ROWS})`)
  return (found?.n ?? 0) < AUDIT_STEP_ROWS
}

/** Chooses the index whose step reads to the end of the table, else the one whose step comes nearest to it. */
const chooseStep = async (db: Database, { filter, ...range }: AuditPage): Promise<Step> => {
  const values = valuesOf(filter)
  const times = timesOf(filter)
  let farthest: Step | null = null
  const isFarther = (end: number, than: number): boolean =>
    range.newestFirst ? end < than : end > than
  for (const value of values) {
    const step = { index: value.index, end: await endOf(db, range, value) }
    if (step.end === null) return step
    if (farthest?.end == null || isFarther(step.end, farthest.end)) farthest = step
  }
  if (times.length > 0 && (await fitsIntoStep(db, times))) return { index: BY_TIME, end: null }
  if (farthest !== null) return farthest
  return { index: BY_SEQ, end: await endOf(db, range, { index: BY_SEQ, condition: EVERY }) }
}

const COLUMNS = sql`seq, created_at as "createdAt", actor, action, target, outcome, reason,
  request_id as "requestId", address, count`

/** @returns where the next step begins; null at the end, and at a number that is not exact in JavaScript */
const nextOf = (next: number | null | undefined, after: number | null): number | null =>
  next === after ? null : (next ?? null)

export const readAuditEvents = async (db: Database, page: AuditPage): Promise<AuditPart> => {
  const { filter, after, limit, newestFirst } = page
  const conditions = [
    ...valuesOf(filter).map(({ condition }) => condition),
    ...timesOf(filter),
    ...(filter.workspaceId === undefined ? [] : [ofWorkspace(filter.workspaceId)]),
  ]
  // Without a filter each row that is looked at is a row of the answer.
  const { index, end } =
    conditions.length === 0 ? { index: BY_SEQ, end: null } : await chooseStep(db, page)
  const within = end === null ? [] : [newestFirst ? sql`seq >= ${end}` : sql`seq <= ${end}`]
  const rows = await db.all<AuditRow>(sql`
    select ${COLUMNS} from audit_events ${index}
    where ${all([...inRange(page), ...within, ...conditions])} ${inOrder(page)} limit ${limit}`)
  return { rows, next: nextOf(rows.length < limit ? end : rows.at(-1)?.seq, after) }
}

// Number of runs that a workspace has closed: by the hour while their rules live, and in total. The hour of a run is
// that of the wall clock or of the settled time, the later one. It ends by the settled time, so no wall clock forgets
// it.
import { type SQL, and, eq, sql } from 'drizzle-orm/sql'
import {
  MAX_CLOSED_RUNS_PER_WORKSPACE,
  MAX_RUN_RULES_PER_WORKSPACE,
  RUN_RULE_HOURS,
} from '../../constants.ts'
import { OperationRefused } from '../../errors.ts'
import { closedRunCounts as counts, closedRuns } from '../tables/revocations.ts'
import { endedBy, recordedAt } from './clock.ts'
import type { Connection, Context, Statement } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { readFirst, select } from './query.ts'
import { deleteFrom, insertFrom } from './statements.ts'

const HOUR_SECONDS = 3_600
/** The row of the total: no hour of a clock has this number. */
const TOTAL = 0

const hourOf = (time: SQL): SQL => sql`cast(${time} / ${HOUR_SECONDS} as integer)`

export type CountedRuns = {
  /** True in a statement while there are as many rules over the workspace's runs as there may be. */
  isFull: SQL
  /** Counts a closed run where `isNew` holds, and its rule if there is room for one. */
  add(isNew: SQL): Statement[]
}

/** The total of a workspace is in the row of its id; clients outside every workspace share the row of an empty id. */
const rowOf = (workspaceId: string | null): string => workspaceId ?? ''

export const countedRuns = (
  dialect: Dialect,
  workspaceId: string | null,
  now: number,
): CountedRuns => {
  const workspace = rowOf(workspaceId)
  const hour = hourOf(recordedAt(dialect, now))
  const oldest = sql`${hourOf(endedBy(dialect, sql`${now}`))} - ${RUN_RULE_HOURS}`
  const isFull = sql`(select coalesce(sum(count), 0) from ${counts}
    where workspace_id = ${workspace} and hour > ${oldest}) >= ${MAX_RUN_RULES_PER_WORKSPACE}`

  const addTo = (row: SQL, where: SQL): Statement =>
    insertFrom(
      counts,
      ['workspaceId', 'hour', 'count'],
      sql`select ${workspace}, ${row}, 1 where ${where}
        on conflict (workspace_id, hour) do update set count = ${counts.count} + 1`,
    )

  return {
    isFull,
    add: (isNew) => [
      addTo(sql`${TOTAL}`, isNew),
      addTo(hour, sql`${isNew} and not ${isFull}`),
      deleteFrom(
        counts,
        sql`workspace_id = ${workspace} and hour > ${TOTAL} and hour <= ${oldest}`,
      ),
    ],
  }
}

const isClosed = async (connection: Connection, value: string): Promise<boolean> => {
  const run = select(
    { value: closedRuns.value },
    sql`from ${closedRuns} where ${eq(closedRuns.value, value)}`,
  )
  return (await readFirst(connection, run)) !== null
}

/**
 * Reads before the step: several processes may exceed the limit by one run each.
 * @throws OperationRefused `too_many_runs` for a run that is not closed yet
 */
export const checkTotal = async (
  { connection }: Context,
  workspaceId: string | null,
  value: string,
): Promise<void> => {
  const isTotal = and(eq(counts.workspaceId, rowOf(workspaceId)), eq(counts.hour, TOTAL))
  const total = select({ count: counts.count }, sql`from ${counts} where ${isTotal}`)
  const row = await readFirst(connection, total)
  if (row === null || row.count < MAX_CLOSED_RUNS_PER_WORKSPACE) return
  if (await isClosed(connection, value)) return
  throw new OperationRefused('too_many_runs', 'the workspace has closed as many as are kept')
}

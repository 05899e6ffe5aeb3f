// How many runs a workspace has closed: by the hour while their rules live, and in total. An hour is that of
// the wall clock or of the settled time, the later one, and ends by the settled time: no wall clock forgets it.
import { type SQL, and, eq, sql } from 'drizzle-orm'
import {
  MAX_CLOSED_RUNS_PER_WORKSPACE,
  MAX_RUN_RULES_PER_WORKSPACE,
  RUN_RULE_HOURS,
} from '../../constants.ts'
import { OperationRefused } from '../../errors.ts'
import { closedRunCounts as counts, closedRuns } from '../schema.sqlite.ts'
import { endedBy, recordedAt } from './clock.ts'
import type { Database, Statement } from './database.ts'

const HOUR_SECONDS = 3_600
/** The row of the total: no hour of a clock is this one. */
const TOTAL = 0

const hourOf = (time: SQL): SQL => sql`cast(${time} / ${HOUR_SECONDS} as integer)`

export const countedRuns = (db: Database, workspaceId: string | null, now: number) => {
  const workspace = workspaceId ?? ''
  const hour = hourOf(recordedAt(now))
  const oldest = sql`${hourOf(endedBy(now))} - ${RUN_RULE_HOURS}`

  /** True while there are as many rules over the workspace's runs as there may be. */
  const full = sql`(select coalesce(sum(count), 0) from ${counts}
    where workspace_id = ${workspace} and hour > ${oldest}) >= ${MAX_RUN_RULES_PER_WORKSPACE}`

  const addTo = (row: number | SQL, where: SQL): Statement =>
    db.insert(counts).select(sql`
      select ${workspace}, ${row}, 1 where ${where}
      on conflict (workspace_id, hour) do update set count = count + 1`) as Statement

  return {
    full,
    /** Counts a closed run, and its rule if there is room for one. */
    add: (isNew: SQL): Statement[] => [
      addTo(TOTAL, isNew),
      addTo(hour, sql`${isNew} and not ${full}`),
      db
        .delete(counts)
        .where(
          sql`workspace_id = ${workspace} and hour > ${TOTAL} and hour <= ${oldest}`,
        ) as Statement,
    ],
    /**
     * Read before the step: several processes may go beyond by one each.
     * @throws OperationRefused `too_many_runs` for a run that is not closed yet
     */
    async checkTotal(value: string): Promise<void> {
      const total = and(eq(counts.workspaceId, workspace), eq(counts.hour, TOTAL))
      const [row] = await db.select({ count: counts.count }).from(counts).where(total)
      if (row === undefined || row.count < MAX_CLOSED_RUNS_PER_WORKSPACE) return
      const [known] = await db
        .select({ value: closedRuns.value })
        .from(closedRuns)
        .where(eq(closedRuns.value, value))
      if (known !== undefined) return
      throw new OperationRefused('too_many_runs', 'the workspace has closed as many as are kept')
    },
  }
}

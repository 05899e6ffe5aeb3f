// Runs that are closed: for good in a table of their own, which issuance looks at, and for as long as their tokens
// can live as a rule.
import { type SQL, and, eq, isNull, sql } from 'drizzle-orm'
import { OperationRefused } from '../../errors.ts'
import { namedRunValue, runRuleValue } from '../../grants/taking-away.ts'
import { clients, closedRuns, revocationCounter, workspaces } from '../schema.sqlite.ts'
import type { ClosedRun, Store } from '../store.ts'
import { type Driver, type Statement, newEtag } from './database.ts'
import {
  addRules,
  clientRules,
  markedWith,
  raiseClients,
  ruleEnd,
  workspaceRules,
  writesNamedRules,
} from './rules.ts'
import { countedRuns } from './run-counts.ts'
import { BY_AGE, reading, partByAge, readWalk } from './walk.ts'

type RunVerbs = Pick<Store, 'closeRun' | 'isRunClosed' | 'listClosedRuns'>

const isClosed = (value: string): SQL =>
  sql`exists (select 1 from ${closedRuns} where value = ${value})`

const shown = {
  id: closedRuns.value,
  workspaceId: closedRuns.workspaceId,
  identifier: closedRuns.identifier,
  createdAt: closedRuns.createdAt,
}

export const runVerbs = ({ db, atomically }: Driver): RunVerbs => {
  // The list first, so that each of its values is looked up by the primary key.
  const closed = db
    .select({ value: sql<string>`run.value` })
    .from(
      sql`json_each(${sql.placeholder('values')}) asked
        cross join ${closedRuns} run on run.value = asked.value`,
    )
    .prepare()
  /** Reads the reference before the step that uses it: a reference does not change. */
  const referenceOf = async (workspaceId: string | null): Promise<string> => {
    const rows =
      workspaceId === null
        ? await db.select({ ref: revocationCounter.noWorkspaceRef }).from(revocationCounter)
        : await db
            .select({ ref: workspaces.ref })
            .from(workspaces)
            .where(eq(workspaces.id, workspaceId))
    const [row] = rows
    if (row === undefined)
      throw new OperationRefused('unknown_reference', 'there is no such workspace')
    return row.ref
  }
  /**
   * Raises a generation once the workspace has its limit of rules over runs. That kills every token that could name
   * the run, and all other tokens of the workspace, or of the clients that belong to none.
   */
  const raiseInstead = (
    { id, ref }: { id: string | null; ref: string },
    where: SQL,
    now: number,
  ): Statement[] => {
    const etag = newEtag()
    if (id === null) {
      return [
        raiseClients(db, and(isNull(clients.workspaceId), where), etag),
        ...clientRules(db, markedWith(etag), now),
      ]
    }
    return [
      db
        .update(workspaces)
        .set({ generation: sql`generation + 1`, etag })
        .where(and(eq(workspaces.id, id), where)) as Statement,
      ...workspaceRules(db, { id, ref }, now, sql`etag = ${etag}`),
    ]
  }
  return {
    async closeRun({ workspaceId, identifier }, now) {
      const value = namedRunValue(workspaceId, identifier)
      const ref = await referenceOf(workspaceId)
      const counted = countedRuns(db, workspaceId, now)
      await counted.checkTotal(value)
      const isNew = sql`not ${isClosed(value)}`
      const rule = (over: string, where: SQL) => sql`
        select 'run' as kind, ${over} as value, null as gen, null as client_id,
          ${ruleEnd(now)} as expires_at
        where ${isNew} and not ${counted.full} and ${where}`
      const byRef = rule(runRuleValue(ref, identifier), sql`true`)
      const byName = rule(value, writesNamedRules)
      await atomically([
        // Before the run is there: one that has been closed gets no new rule when the first has ended.
        ...raiseInstead({ id: workspaceId, ref }, sql`${isNew} and ${counted.full}`, now),
        ...addRules(db, sql`${byRef} union all ${byName}`, now),
        ...counted.add(isNew),
        db
          .insert(closedRuns)
          .values({
            value,
            ruleValue: runRuleValue(ref, identifier),
            workspaceId,
            identifier,
            createdAt: now,
          })
          .onConflictDoNothing() as Statement,
      ])
    },

    async isRunClosed(values) {
      if (values.length === 0) return false
      const rows: unknown[] = await closed.all({ values: JSON.stringify(values) })
      return rows.length > 0
    },

    async listClosedRuns({ workspaceId } = {}, part = {}) {
      const walk = {
        table: 'closed_runs',
        order: ['created_at', 'value'],
        start: BY_AGE.start,
        filters: [],
        ...(workspaceId === undefined
          ? { index: 'closed_runs_age', within: [] }
          : { index: 'closed_runs_workspace', within: [eq(closedRuns.workspaceId, workspaceId)] }),
      }
      return await readWalk(db, walk, partByAge<ClosedRun>(part, reading(db, shown)))
    },
  }
}

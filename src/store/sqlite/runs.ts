// Runs that are closed: for good in a table of their own, which issuance looks at, and for as long as their tokens
// can live as a rule.
import { type SQL, and, asc, eq, sql } from 'drizzle-orm'
import { RULE_RETENTION_SECONDS } from '../../constants.ts'
import { OperationRefused } from '../../errors.ts'
import { namedRunValue, runRuleValue } from '../../revocation/rules.ts'
import { closedRuns, revocationCounter, workspaces } from '../schema.sqlite.ts'
import type { Store } from '../store.ts'
import { type Driver, type Statement, afterPosition, limitOf } from './database.ts'
import { addRules, writesNamedRules } from './rules.ts'

type RunVerbs = Pick<Store, 'closeRun' | 'isRunClosed' | 'listClosedRuns'>

const isClosed = (value: string): SQL =>
  sql`exists (select 1 from ${closedRuns} where value = ${value})`

export const runVerbs = ({ db, atomically }: Driver): RunVerbs => {
  // The list first, so that each of its values is looked up by the primary key.
  const closed = db
    .select({ value: sql<string>`run.value` })
    .from(
      sql`json_each(${sql.placeholder('values')}) asked
        cross join ${closedRuns} run on run.value = asked.value`,
    )
    .prepare()
  /** It never changes, so that it need not be read in the step that uses it. */
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
  const position = { createdAt: closedRuns.createdAt, id: closedRuns.value }

  return {
    async closeRun({ workspaceId, identifier }, now) {
      const value = namedRunValue(workspaceId, identifier)
      const ruleValue = runRuleValue(await referenceOf(workspaceId), identifier)
      const rule = (over: string, where: SQL) => sql`
        select 'run' as kind, ${over} as value, null as gen, null as client_id,
          ${now + RULE_RETENTION_SECONDS} as expires_at where not ${isClosed(value)} and ${where}`
      const rules = sql`${rule(ruleValue, sql`true`)} union all ${rule(value, writesNamedRules)}`
      await atomically([
        // Before the run is there: one that has been closed gets no new rule when the first has ended.
        ...addRules(db, rules, now),
        db
          .insert(closedRuns)
          .values({ value, ruleValue, workspaceId, identifier, createdAt: now })
          .onConflictDoNothing() as Statement,
      ])
    },

    async isRunClosed(values) {
      if (values.length === 0) return false
      const rows: unknown[] = await closed.all({ values: JSON.stringify(values) })
      return rows.length > 0
    },

    async listClosedRuns({ workspaceId } = {}, part = {}) {
      const rows = await db
        .select({
          id: closedRuns.value,
          workspaceId: closedRuns.workspaceId,
          identifier: closedRuns.identifier,
          createdAt: closedRuns.createdAt,
        })
        .from(closedRuns)
        .where(
          and(
            workspaceId === undefined ? undefined : eq(closedRuns.workspaceId, workspaceId),
            afterPosition(position, part),
          ),
        )
        .orderBy(asc(closedRuns.createdAt), asc(closedRuns.value))
        .limit(limitOf(part))
      return rows
    },
  }
}

// Closed runs: for good in a table of their own, which the server reads before it issues a token, and as a rule while
// their tokens can be alive.
import { type SQL, and, eq, isNull, sql } from 'drizzle-orm/sql'
import { OperationRefused } from '../../errors.ts'
import { namedRunValue, runRuleValue } from '../../grants/taking-away.ts'
import { clients } from '../tables/clients.ts'
import { workspaces } from '../tables/registry.ts'
import { closedRuns, revocationCounter } from '../tables/revocations.ts'
import type { ClosedRun, RunStore } from '../types/runs.ts'
import type { Connection, Context, Statement, Verb } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { prepared, readFirst, select } from './query.ts'
import {
  type Made,
  NO_NUMBER,
  addRules,
  clientRules,
  markedWith,
  raiseClients,
  ruleEnd,
  workspaceRules,
  writesNamedRules,
} from './rules.ts'
import { checkTotal, countedRuns } from './run-counts.ts'
import { insert, newEtag, update } from './statements.ts'
import { BY_AGE, partByAge, readWalk, reading } from './walk.ts'

const shown = {
  id: closedRuns.value,
  workspaceId: closedRuns.workspaceId,
  identifier: closedRuns.identifier,
  createdAt: closedRuns.createdAt,
}

/** Reads the reference of a workspace before the step that uses it: a reference is constant. */
const referenceOf = async (connection: Connection, workspaceId: string | null): Promise<string> => {
  const { id, ref } = workspaces
  const query =
    workspaceId === null
      ? select({ ref: revocationCounter.noWorkspaceRef }, sql`from ${revocationCounter}`)
      : select({ ref }, sql`from ${workspaces} where ${eq(id, workspaceId)}`)
  const row = await readFirst(connection, query)
  if (row === null) throw new OperationRefused('unknown_reference', 'there is no such workspace')
  return row.ref
}

type Owner = { id: string | null; ref: string }

/**
 * Raises a generation instead, once the workspace has its limit of rules over runs. The new generation revokes every token that could
 * name the run, and all other tokens of the workspace, or of the clients outside every workspace.
 */
const raiseInstead = (
  dialect: Dialect,
  { id, ref }: Owner,
  where: SQL,
  made: Made,
): Statement[] => {
  const etag = newEtag()
  if (id === null) {
    return [
      raiseClients(and(isNull(clients.workspaceId), where), etag),
      ...clientRules(dialect, markedWith(etag), made),
    ]
  }
  return [
    update(
      workspaces,
      { generation: sql`generation + 1`, etag },
      and(eq(workspaces.id, id), where),
    ),
    ...workspaceRules(dialect, { id, ref }, made, sql`etag = ${etag}`),
  ]
}

const closeRun: Verb<'closeRun'> =
  (context) =>
  async ({ workspaceId, identifier }, now, cause) => {
    const { connection, dialect } = context
    const value = namedRunValue(workspaceId, identifier)
    const ref = await referenceOf(connection, workspaceId)
    await checkTotal(context, workspaceId, value)
    const counted = countedRuns(dialect, workspaceId, now)
    const isNew = sql`not exists (select 1 from ${closedRuns} where value = ${value})`
    const rule = (over: string, where: SQL) => sql`
      select 'run' as kind, ${over} as value, ${NO_NUMBER} as gen, null as client_id,
        ${workspaceId} as workspace_id, ${ruleEnd(dialect, now)} as expires_at
      where ${isNew} and not ${counted.isFull} and ${where}`
    const byRef = rule(runRuleValue(ref, identifier), sql`true`)
    const byName = rule(value, writesNamedRules)
    const closed = insert(closedRuns, {
      value,
      ruleValue: runRuleValue(ref, identifier),
      workspaceId,
      identifier,
      createdAt: now,
    })
    await connection.atomically([
      // Rules come before the run: a run that was closed before gets no new rule when the first rule has ended.
      ...raiseInstead(dialect, { id: workspaceId, ref }, sql`${isNew} and ${counted.isFull}`, {
        now,
        cause,
      }),
      ...addRules(dialect, sql`${byRef} union all ${byName}`, { now, cause }),
      ...counted.add(isNew),
      sql`${closed} on conflict do nothing`,
    ])
  }

const isRunClosed: Verb<'isRunClosed'> = ({ connection, dialect: { json, lookupJoin } }) => {
  const asked = json.texts(sql`${sql.placeholder('values')}`, 'asked')
  const query = select(
    { value: shown.id },
    sql`from ${asked} ${lookupJoin} ${closedRuns} on ${closedRuns.value} = asked.value`,
  )
  const findClosed = prepared(connection, query)
  return async (values) => {
    if (values.length === 0) return false
    const closed = await findClosed({ values: JSON.stringify(values) })
    return closed.length > 0
  }
}

const findClosedRun: Verb<'findClosedRun'> =
  ({ connection }) =>
  ({ workspaceId, identifier }) => {
    const isAsked = eq(closedRuns.value, namedRunValue(workspaceId, identifier))
    return readFirst(connection, select(shown, sql`from ${closedRuns} where ${isAsked}`))
  }

const listClosedRuns: Verb<'listClosedRuns'> =
  (context) =>
  async ({ workspaceId } = {}, part = {}) => {
    const walk = {
      table: 'closed_runs',
      order: ['created_at', 'value'],
      start: BY_AGE.start,
      filters: [],
      ...(workspaceId === undefined
        ? { index: 'closed_runs_age', within: [] }
        : { index: 'closed_runs_workspace', within: [eq(closedRuns.workspaceId, workspaceId)] }),
    }
    return await readWalk(context, walk, partByAge<ClosedRun>(part, reading(context, shown)))
  }

export const runVerbs = (context: Context): RunStore => ({
  closeRun: closeRun(context),
  isRunClosed: isRunClosed(context),
  findClosedRun: findClosedRun(context),
  listClosedRuns: listClosedRuns(context),
})

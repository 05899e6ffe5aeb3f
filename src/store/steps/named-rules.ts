// Rules with the names of their subjects: the values of rules over workspaces and runs are hashes.
import { type SQL, eq, sql } from 'drizzle-orm/sql'
import { namedWorkspaceValue, workspaceRuleValue } from '../../grants/taking-away.ts'
import { columnsOf } from '../tables/column.ts'
import { workspaces } from '../tables/registry.ts'
import { revocations } from '../tables/revocations.ts'
import type { Revocation } from '../types/revocations.ts'
import type { Workspace } from '../types/workspaces.ts'
import type { Context, Verb } from './connection.ts'
import { computed, readFirst, select } from './query.ts'

const { kind, value, clientId, workspaceId } = revocations

const nameIn = (table: 'clients' | 'plugins' | 'workspaces', id: SQL): SQL =>
  sql`(select name from ${sql.raw(table)} where id = ${id})`

const workspaceOfClient = (id: SQL): SQL => sql`(select workspace_id from clients where id = ${id})`

/** A member of the closed run of a rule. Two look-ups by index: a rule of an older server has the run's own value. */
const ofRun = (member: 'identifier' | 'workspace_id'): SQL => sql`coalesce(
  (select ${sql.raw(member)} from closed_runs where rule_value = ${value}),
  (select ${sql.raw(member)} from closed_runs where closed_runs.value = ${value}))`

/** The fields of a `Revocation`. The names are looked up row by row, and only for the kinds that have them. */
export const namedRule = {
  ...columnsOf(revocations),
  clientId: computed<string | null>(sql`nullif(${clientId}, '')`),
  name: computed<string | null>(sql`case ${kind}
    when 'client' then ${nameIn('clients', sql`${value}`)}
    when 'jti' then ${nameIn('clients', sql`${clientId}`)}
    when 'plugin' then ${nameIn('plugins', sql`${value}`)}
    when 'workspace' then ${nameIn('workspaces', sql`${workspaceId}`)} end`),
  run: computed<string | null>(sql`case ${kind} when 'run' then ${ofRun('identifier')} end`),
  workspaceId: computed<string | null>(sql`case ${kind}
    when 'client' then ${workspaceOfClient(sql`${value}`)}
    when 'jti' then ${workspaceOfClient(sql`${clientId}`)}
    when 'run' then ${ofRun('workspace_id')}
    else ${workspaceId} end`),
}

export type WorkspaceRef = Pick<Workspace, 'id' | 'ref'>

export const findWorkspaceRef = (
  { connection }: Context,
  asked: string,
): Promise<WorkspaceRef | null> => {
  const { id, ref } = workspaces
  return readFirst(connection, select({ id, ref }, sql`from ${workspaces} where ${eq(id, asked)}`))
}

/** A row of the workspace, looked up for each rule: the cost of a rule does not grow with the workspace. */
const isIn = (table: SQL, column: SQL, found: SQL, workspace: string): SQL =>
  sql`exists (select 1 from ${table} where ${column} = ${found} and workspace_id = ${workspace})`

/** Selects rules over the workspace, its clients and its runs. Rules over plugins and keys belong to no workspace. */
export const ofWorkspace = ({ id, ref }: WorkspaceRef): SQL => sql`case ${kind}
  when 'workspace' then ${value} in (${workspaceRuleValue(ref)}, ${namedWorkspaceValue(id)})
  when 'client' then ${isIn(sql`clients`, sql`id`, sql`${value}`, id)}
  when 'run' then ${isIn(sql`closed_runs`, sql`closed_runs.value`, sql`${value}`, id)}
    or ${isIn(sql`closed_runs`, sql`rule_value`, sql`${value}`, id)}
  else ${isIn(sql`clients`, sql`id`, sql`${clientId}`, id)} end`

export const findRule: Verb<'findRule'> =
  (context) =>
  async (seq, { workspaceId: asked } = {}): Promise<Revocation | null> => {
    const workspace = asked === undefined ? null : await findWorkspaceRef(context, asked)
    if (asked !== undefined && workspace === null) return null
    const isVisible = workspace === null ? sql`true` : ofWorkspace(workspace)
    const isAsked = sql`${eq(revocations.seq, seq)} and ${isVisible}`
    return await readFirst(
      context.connection,
      select(namedRule, sql`from ${revocations} where ${isAsked}`),
    )
  }

// Rows that still work. Each verb reads its tables once: a person waits for the answer, no request does.
import { type SQL, sql } from 'drizzle-orm/sql'
import type { UsableStore } from '../types/usable.ts'
import type { Context, Verb } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { isMakerUnchanged } from './enrollments.ts'
import { computed, computedJson, readAll, readFirst, select } from './query.ts'

const isUnended = (now: number): SQL => sql`(expires_at is null or expires_at > ${now})`

/** True for a client `c` that may log in. */
const mayLogIn = sql`c.status = 'active' and not exists (
  select 1 from workspaces w where w.id = c.workspace_id and w.status <> 'active')`

/** True for an enrollment `e` that registration accepts: `endOf` in `oauth/register.ts` has the same conditions. */
const isAccepted = ({ json }: Dialect, now: number): SQL => sql`
  e.used_at is null and e.revoked_at is null and e.expires_at > ${now} and ${isMakerUnchanged}
  and exists (select 1 from workspaces w where w.id = e.workspace_id and w.status = 'active')
  and not exists (select 1 from ${json.texts(sql`e.plugins`, 'named')} where not exists (
    select 1 from plugins p where p.id = named.value and p.status = 'active'))`

/** Reads ids as one value, which takes a tenth of the time of a row for each: other processes may wait meanwhile. */
const idsOf = async ({ connection, dialect }: Context, rows: SQL): Promise<string[]> => {
  const fields = { ids: computedJson<string[]>(dialect.json.list(sql`id`)) }
  return (await readFirst(connection, select(fields, rows)))?.ids ?? []
}

const findUsable: Verb<'findUsable'> = (context) => async (now, workspaceId) => {
  const within = (condition: SQL): SQL => (workspaceId === null ? sql`` : sql`and ${condition}`)
  const isOwned = sql`exists (
    select 1 from clients c where c.id = s.client_id and c.workspace_id = ${workspaceId})`
  return {
    clients: await idsOf(
      context,
      sql`from clients c where ${mayLogIn} ${within(sql`c.workspace_id = ${workspaceId}`)}`,
    ),
    secrets: await idsOf(
      context,
      sql`from client_secrets s where revoked_at is null and ${isUnended(now)} ${within(isOwned)}`,
    ),
    enrollments: await idsOf(
      context,
      sql`from enrollments e where ${isAccepted(context.dialect, now)} ${within(
        sql`e.workspace_id = ${workspaceId}`,
      )}`,
    ),
  }
}

const countRules: Verb<'countRules'> =
  ({ connection }) =>
  async () => {
    const fields = { rules: computed<number>(sql`(select count(*) from revocations)`) }
    return (await readFirst(connection, select(fields, sql``)))?.rules ?? 0
  }

const findClientIds: Verb<'findClientIds'> =
  ({ connection }) =>
  async ({ workspaceId, pluginId }) => {
    const isMember =
      workspaceId === undefined
        ? sql`exists (select 1 from client_plugins p where p.client_id = c.id and p.plugin_id = ${pluginId})`
        : sql`c.workspace_id = ${workspaceId}`
    const rows = await readAll(
      connection,
      select(
        { id: computed<string>(sql`c.id`) },
        sql`from clients c where c.status <> 'deleted' and ${isMember} order by c.id`,
      ),
    )
    return rows.map(({ id }) => id)
  }

export const usableVerbs = (context: Context): UsableStore => ({
  findUsable: findUsable(context),
  countRules: countRules(context),
  findClientIds: findClientIds(context),
})

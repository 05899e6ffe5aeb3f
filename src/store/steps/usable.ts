// Counts of rows that still work. Each reads its table once: a person waits for the answer, no request does.
import { type SQL, sql } from 'drizzle-orm/sql'
import type { UsableStore } from '../types/usable.ts'
import type { Context, Verb } from './connection.ts'
import { computed, readAll, readFirst, select } from './query.ts'

const isUnended = (now: number): SQL => sql`(expires_at is null or expires_at > ${now})`

/** True for a client `c` that may log in. */
const mayLogIn = sql`c.status = 'active' and not exists (
  select 1 from workspaces w where w.id = c.workspace_id and w.status <> 'active')`

const counted = (rows: SQL) => computed<number>(sql`(select count(*) from ${rows})`)

const countUsable: Verb<'countUsable'> =
  ({ connection }) =>
  async (now) => {
    const fields = {
      clients: counted(sql`clients c where ${mayLogIn}`),
      secrets: counted(sql`client_secrets where revoked_at is null and ${isUnended(now)}`),
      enrollments: counted(
        sql`enrollments where used_at is null and revoked_at is null and ${isUnended(now)}`,
      ),
    }
    const row = await readFirst(connection, select(fields, sql``))
    return row ?? { clients: 0, secrets: 0, enrollments: 0 }
  }

const countRules: Verb<'countRules'> =
  ({ connection }) =>
  async () =>
    (await readFirst(connection, select({ rules: counted(sql`revocations`) }, sql``)))?.rules ?? 0

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
  countUsable: countUsable(context),
  countRules: countRules(context),
  findClientIds: findClientIds(context),
})

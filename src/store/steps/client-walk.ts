// Ways to read a list of clients, one for each set of filters.
import { type SQL, eq, sql } from 'drizzle-orm/sql'
import { FEW_CLIENTS } from '../../constants.ts'
import { clients } from '../tables/clients.ts'
import type { ClientFilter } from '../types/clients.ts'
import type { Connection, Context } from './connection.ts'
import { inList, jsonOf } from './lists.ts'
import { BY_AGE, type Walk } from './walk.ts'

/** The condition of the indexes of clients that are not deleted, in the same words: written out, not bound. */
export const isThere = sql`${clients.status} <> 'deleted'`

/** A filter for a row in another table: a query for the ids of its clients, and the condition for one client. */
type Having = { ids: SQL; filter: SQL }

const havingPlugin = (pluginId: string): Having => ({
  ids: sql`select client_id as id from client_plugins where plugin_id = ${pluginId}`,
  filter: sql`exists (select 1 from client_plugins p
    where p.client_id = ${clients.id} and p.plugin_id = ${pluginId})`,
})

const havingAudience = (audience: string): Having => ({
  ids: sql`select client_id as id from client_grants where audience_id = ${audience}`,
  filter: sql`exists (select 1 from client_grants g
    where g.client_id = ${clients.id} and g.audience_id = ${audience})`,
})

/** The clients of a plugin or an audience that has FEW_CLIENTS at most; null: none of them has so few. */
const findFew = async (
  connection: Connection,
  having: readonly Having[],
): Promise<string[] | null> => {
  for (const { ids } of having) {
    const rows = await connection.run(sql`${ids} limit ${FEW_CLIENTS + 1}`)
    if (rows.length <= FEW_CLIENTS) return rows.map(([id]) => id as string)
  }
  return null
}

/** Chooses the index that has the fewest entries besides those that fit. */
export const walkOf = async (
  { connection, dialect }: Context,
  { workspaceId, status, name, pluginId, audience }: ClientFilter,
): Promise<Walk> => {
  const having = [
    ...(pluginId === undefined ? [] : [havingPlugin(pluginId)]),
    ...(audience === undefined ? [] : [havingAudience(audience)]),
  ]
  const ofWorkspace = workspaceId === undefined ? undefined : eq(clients.workspaceId, workspaceId)
  const ofName = name === undefined ? undefined : eq(clients.name, name)
  const filters = [status && eq(clients.status, status), ...having.map(({ filter }) => filter)]
  const few = await findFew(connection, having)
  const all = { ...BY_AGE, table: 'clients' }
  if (few !== null) {
    const isOneOfFew = sql`${clients.id} ${inList(dialect, jsonOf(few))}`
    const within = [isThere, isOneOfFew, ofWorkspace, ofName]
    return { ...all, index: null, isFew: true, within, filters }
  }
  if (ofName !== undefined) {
    const within = [isThere, ofName]
    return { ...all, index: 'clients_name', within, filters: [ofWorkspace, ...filters] }
  }
  const index = ofWorkspace === undefined ? 'clients_age' : 'clients_workspace_age'
  return { ...all, index, within: [isThere, ofWorkspace], filters }
}

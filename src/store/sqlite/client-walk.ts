// How a list of clients is read, whatever its filters are.
import { type SQL, eq, sql } from 'drizzle-orm'
import { FEW_CLIENTS } from '../../constants.ts'
import { clients } from '../schema.sqlite.ts'
import type { ClientFilter } from '../store.ts'
import { type Database, inList } from './database.ts'
import { BY_AGE, type Walk } from './walk.ts'

/** Written out, not bound: the indexes of clients that are not deleted say the same. */
export const isThere = sql`${clients.status} <> 'deleted'`

/** A filter for what a client has in another table: where its clients are, and whether one is among them. */
type Having = { ids: SQL; filter: SQL }

const havingOf = ({ pluginId, audience }: ClientFilter): Having[] => [
  ...(pluginId === undefined
    ? []
    : [
        {
          ids: sql`select client_id as id from client_plugins where plugin_id = ${pluginId}`,
          filter: sql`exists (select 1 from client_plugins p
            where p.client_id = ${clients.id} and p.plugin_id = ${pluginId})`,
        },
      ]),
  ...(audience === undefined
    ? []
    : [
        {
          ids: sql`select client_id as id from client_grants where audience_id = ${audience}`,
          filter: sql`exists (select 1 from client_grants g
            where g.client_id = ${clients.id} and g.audience_id = ${audience})`,
        },
      ]),
]

/** The clients of a plugin or an audience that has few of them; null: none has. */
const findFew = async (db: Database, having: readonly Having[]): Promise<string[] | null> => {
  for (const { ids } of having) {
    const found = await db.all<{ id: string }>(sql`${ids} limit ${FEW_CLIENTS + 1}`)
    if (found.length <= FEW_CLIENTS) return found.map(({ id }) => id)
  }
  return null
}

/** Chooses the index that has the fewest entries beside those that fit. */
export const walkOf = async (db: Database, filter: ClientFilter): Promise<Walk> => {
  const { workspaceId, status, name } = filter
  const having = havingOf(filter)
  const ofWorkspace = workspaceId === undefined ? undefined : eq(clients.workspaceId, workspaceId)
  const ofName = name === undefined ? undefined : eq(clients.name, name)
  const filters = [status && eq(clients.status, status), ...having.map((one) => one.filter)]
  const few = await findFew(db, having)
  const all = { ...BY_AGE, table: 'clients' }
  if (few !== null) {
    const within = [isThere, sql`${clients.id} ${inList(few)}`, ofWorkspace, ofName]
    return { ...all, index: null, isFew: true, within, filters }
  }
  if (ofName !== undefined) {
    const within = [isThere, ofName]
    return { ...all, index: 'clients_name', within, filters: [ofWorkspace, ...filters] }
  }
  const index = ofWorkspace === undefined ? 'clients_age' : 'clients_workspace_age'
  return { ...all, index, within: [isThere, ofWorkspace], filters }
}

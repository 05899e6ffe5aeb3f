// What a client has several of: plugins, grants, audiences to introspect, authorization details.
import { type SQL, eq, sql } from 'drizzle-orm'
import { clientGrants, clientIntrospects, clientPlugins, plugins } from '../schema.sqlite.ts'
import type { AuthorizationDetail, Client, Grant } from '../store.ts'
import { type Database, type Statement, newEtag } from './database.ts'
import { writeDetails } from './resources.ts'

export type Lists = Partial<Pick<Client, 'plugins' | 'grants' | 'introspects' | 'details'>>

const stringsFromJson = (text: unknown): string[] => JSON.parse(text as string) as string[]

export const pluginIds = sql`(select json_group_array(plugin_id order by plugin_id)
  from client_plugins where client_id = clients.id)`.mapWith(stringsFromJson)

export const grantsJson = sql`(
  select json_group_array(json_object('audience', a.audience_id, 'permissions', (
      select json_group_array(g.permission order by p.position)
      from client_grants g join permissions p on p.audience_id = g.audience_id and p.name = g.permission
      where g.client_id = clients.id and g.audience_id = a.audience_id)) order by a.audience_id)
  from (select distinct audience_id from client_grants where client_id = clients.id) a)`.mapWith(
  (text) => JSON.parse(text as string) as Grant[],
)

export const introspectsJson = sql`(select json_group_array(audience_id order by audience_id)
  from client_introspects where client_id = clients.id)`.mapWith(stringsFromJson)

export const detailsJson = sql`(select json_group_array(json(entry) order by position)
  from client_details where client_id = clients.id)`.mapWith(
  (text) => JSON.parse(text as string) as AuthorizationDetail[],
)

/** The rows of a list, as one parameter however long it is (D1 binds a hundred at the most). */
const each = (rows: unknown[]): SQL => sql`json_each(${JSON.stringify(rows)})`

/** Replaces the lists that are given; the others stay. */
export const writeLists = (db: Database, id: string, lists: Lists): Statement[] => {
  const statements: Statement[] = []
  if (lists.plugins) {
    statements.push(
      db.delete(clientPlugins).where(eq(clientPlugins.clientId, id)) as Statement,
      db
        .insert(clientPlugins)
        .select(sql`select ${id}, value from ${each(lists.plugins)}`) as Statement,
    )
  }
  if (lists.grants) {
    const rows = lists.grants.flatMap((g) => g.permissions.map((name) => [g.audience, name]))
    statements.push(
      db.delete(clientGrants).where(eq(clientGrants.clientId, id)) as Statement,
      db
        .insert(clientGrants)
        .select(
          sql`select ${id}, json_extract(value, '$[0]'), json_extract(value, '$[1]') from ${each(rows)}`,
        ) as Statement,
    )
  }
  if (lists.introspects) {
    statements.push(
      db.delete(clientIntrospects).where(eq(clientIntrospects.clientId, id)) as Statement,
      db
        .insert(clientIntrospects)
        .select(sql`select ${id}, value from ${each(lists.introspects)}`) as Statement,
    )
  }
  if (lists.details) statements.push(...writeDetails(db, id, lists.details))
  return statements
}

export const missingPlugins = (db: Database, ids: string[], now: number): Statement =>
  db.insert(plugins).select(sql`
    select value, value, 'restricted', '[]', null, 1, ${newEtag()}, ${now} from ${each(ids)} where true
    on conflict (id) do nothing`) as Statement

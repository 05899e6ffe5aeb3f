// Writes the lists of a client: plugins, grants, audiences to introspect, authorization details.
import { eq, sql } from 'drizzle-orm/sql'
import { clientGrants, clientIntrospects, clientPlugins } from '../tables/clients.ts'
import { plugins } from '../tables/registry.ts'
import type { Client } from '../types/clients.ts'
import type { Statement } from './connection.ts'
import { writeDetails } from './details.ts'
import type { Dialect } from './dialect.ts'
import { inList, jsonOf } from './lists.ts'
import { assert, deleteFrom, insertFrom, newEtag } from './statements.ts'

type Lists = Pick<Client, 'plugins' | 'grants' | 'introspects' | 'details'>

const writePlugins = ({ json }: Dialect, id: string, ids: Lists['plugins']): Statement[] => [
  deleteFrom(clientPlugins, eq(clientPlugins.clientId, id)),
  insertFrom(
    clientPlugins,
    ['clientId', 'pluginId'],
    sql`select ${id}, value from ${json.texts(jsonOf(ids))}`,
  ),
]

const writeGrants = ({ json }: Dialect, id: string, grants: Lists['grants']): Statement[] => {
  const rows = grants.flatMap(({ audience, permissions }) =>
    permissions.map((permission) => ({ audience, permission })),
  )
  const audience = json.text(sql`value`, 'audience')
  const permission = json.text(sql`value`, 'permission')
  return [
    deleteFrom(clientGrants, eq(clientGrants.clientId, id)),
    insertFrom(
      clientGrants,
      ['clientId', 'audienceId', 'permission'],
      sql`select ${id}, ${audience}, ${permission} from ${json.objects(jsonOf(rows))}`,
    ),
  ]
}

const writeIntrospects = (
  { json }: Dialect,
  id: string,
  ids: Lists['introspects'],
): Statement[] => [
  deleteFrom(clientIntrospects, eq(clientIntrospects.clientId, id)),
  insertFrom(
    clientIntrospects,
    ['clientId', 'audienceId'],
    sql`select ${id}, value from ${json.texts(jsonOf(ids))}`,
  ),
]

/** Replaces the lists that are present; the others stay. */
export const writeLists = (dialect: Dialect, id: string, lists: Partial<Lists>): Statement[] => [
  ...(lists.plugins ? writePlugins(dialect, id, lists.plugins) : []),
  ...(lists.grants ? writeGrants(dialect, id, lists.grants) : []),
  ...(lists.introspects ? writeIntrospects(dialect, id, lists.introspects) : []),
  ...(lists.details ? writeDetails(dialect, id, lists.details) : []),
]

/**
 * Asserts that these plugins are neither disabled nor deleted, where a client begins to act for them. The foreign key
 * requires that they exist.
 */
export const assertPluginsActive = (dialect: Dialect, ids: readonly string[]): Statement =>
  assert(
    'unchanged',
    sql`not exists (select 1 from plugins
      where status <> 'active' and id ${inList(dialect, jsonOf(ids))})`,
  )

/** Creates the plugins that do not exist yet, with the least trust. */
export const missingPlugins = ({ json }: Dialect, ids: string[], now: number): Statement =>
  insertFrom(
    plugins,
    ['id', 'name', 'trust', 'capabilities', 'etag', 'createdAt'],
    sql`select value, value, 'restricted', '[]', ${newEtag()}, ${now}
      from ${json.texts(jsonOf(ids))} where true
      on conflict (id) do nothing`,
  )

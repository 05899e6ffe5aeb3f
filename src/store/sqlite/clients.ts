import { type SQL, and, asc, eq, ne, sql } from 'drizzle-orm'
import { ADMIN_AUDIENCE, ADMIN_WRITE, LAST_GENERATION } from '../../constants.ts'
import { takesFromClient } from '../../revocation/rules.ts'
import {
  clientGrants,
  clientIntrospects,
  clientPlugins,
  clientSecrets,
  clients,
  plugins,
} from '../schema.sqlite.ts'
import type {
  AuthorizationDetail,
  Client,
  ClientFilter,
  Grant,
  NewClient,
  Part,
  Store,
} from '../store.ts'
import { assertAdministrable } from './administrators.ts'
import {
  type Database,
  type Driver,
  type Statement,
  afterPosition,
  assert,
  limitOf,
  newEtag,
} from './database.ts'
import { clientRules, markedWith, raiseClients } from './rules.ts'
import { writeDetails } from './resources.ts'
import { insertSecret } from './secrets.ts'

type ClientVerbs = Pick<
  Store,
  | 'listClients'
  | 'findClient'
  | 'createClient'
  | 'updateClient'
  | 'deleteClient'
  | 'revokeClientTokens'
>

type Lists = Partial<Pick<Client, 'plugins' | 'grants' | 'introspects' | 'details'>>

const stringsFromJson = (text: unknown): string[] => JSON.parse(text as string) as string[]

const pluginIds = sql`(select json_group_array(plugin_id order by plugin_id)
  from client_plugins where client_id = clients.id)`.mapWith(stringsFromJson)

const grantsJson = sql`(
  select json_group_array(json_object('audience', a.audience_id, 'permissions', (
      select json_group_array(g.permission order by p.position)
      from client_grants g join permissions p on p.audience_id = g.audience_id and p.name = g.permission
      where g.client_id = clients.id and g.audience_id = a.audience_id)) order by a.audience_id)
  from (select distinct audience_id from client_grants where client_id = clients.id) a)`.mapWith(
  (text) => JSON.parse(text as string) as Grant[],
)

const introspectsJson = sql`(select json_group_array(audience_id order by audience_id)
  from client_introspects where client_id = clients.id)`.mapWith(stringsFromJson)

const detailsJson = sql`(select json_group_array(json(entry) order by position)
  from client_details where client_id = clients.id)`.mapWith(
  (text) => JSON.parse(text as string) as AuthorizationDetail[],
)

/** The rows of a list, as one parameter however long it is (D1 binds a hundred at the most). */
const each = (rows: unknown[]): SQL => sql`json_each(${JSON.stringify(rows)})`

/** Replaces the lists that are given; the others stay. */
const writeLists = (db: Database, id: string, lists: Lists): Statement[] => {
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

const missingPlugins = (db: Database, ids: string[], now: number): Statement =>
  db.insert(plugins).select(sql`
    select value, value, 'restricted', '[]', null, 1, ${newEtag()}, ${now} from ${each(ids)} where true
    on conflict (id) do nothing`) as Statement

export const newClient = (db: Database, client: NewClient, now: number): Statement[] => {
  const {
    secret,
    createPlugins,
    plugins: pluginList,
    grants,
    introspects,
    details,
    ...row
  } = client
  return [
    ...(createPlugins ? [missingPlugins(db, pluginList, now)] : []),
    db.insert(clients).values({ ...row, etag: newEtag(), createdAt: now }) as Statement,
    insertSecret(db, client.id, secret, now),
    ...writeLists(db, client.id, { plugins: pluginList, grants, introspects, details }),
  ]
}

const fits = ({ workspaceId, status, name, pluginId, audience }: ClientFilter): SQL | undefined =>
  and(
    workspaceId === undefined ? undefined : eq(clients.workspaceId, workspaceId),
    status && eq(clients.status, status),
    name === undefined ? undefined : eq(clients.name, name),
    pluginId === undefined
      ? undefined
      : sql`${clients.id} in (select client_id from client_plugins where plugin_id = ${pluginId})`,
    audience === undefined
      ? undefined
      : sql`${clients.id} in (select client_id from client_grants where audience_id = ${audience})`,
  )

const administers = (client: Client): boolean =>
  client.workspaceId === null &&
  client.grants.some((g) => g.audience === ADMIN_AUDIENCE && g.permissions.includes(ADMIN_WRITE))

export const clientVerbs = ({ db, atomically }: Driver): ClientVerbs => {
  const select = (where: SQL | undefined, part: Part = {}) =>
    db
      .select({
        id: clients.id,
        name: clients.name,
        workspaceId: clients.workspaceId,
        status: clients.status,
        authMethod: clients.authMethod,
        tokenTtl: clients.tokenTtl,
        quotaPerMinute: clients.quotaPerMinute,
        plugins: pluginIds,
        grants: grantsJson,
        introspects: introspectsJson,
        details: detailsJson,
        generation: clients.generation,
        etag: clients.etag,
        createdAt: clients.createdAt,
      })
      .from(clients)
      .where(and(ne(clients.status, 'deleted'), where, afterPosition(clients, part)))
      .orderBy(asc(clients.createdAt), asc(clients.id))
      .limit(limitOf(part))

  const changed = (id: string, etag: string): Statement =>
    assert(db, 'unchanged', sql`exists (select 1 from clients where id = ${id} and etag = ${etag})`)

  const unchangedSince = (before: Client): SQL | undefined =>
    and(eq(clients.id, before.id), eq(clients.etag, before.etag), ne(clients.status, 'deleted'))

  return {
    async listClients(filter = {}, part = {}) {
      return await select(fits(filter), part)
    },

    async findClient(id) {
      const rows: Client[] = await select(eq(clients.id, id))
      return rows[0] ?? null
    },

    async createClient(client, now) {
      await atomically(newClient(db, client, now))
    },

    async updateClient(before, change, now) {
      const etag = newEtag()
      const takes = takesFromClient(before, change)
      const { plugins: _p, grants: _g, introspects: _i, details: _d, ...columns } = change
      await atomically([
        db
          .update(clients)
          .set({ ...columns, etag, ...(takes && { generation: sql`generation + 1` }) })
          .where(unchangedSince(before)) as Statement,
        changed(before.id, etag),
        ...writeLists(db, before.id, change),
        ...(takes ? clientRules(db, markedWith(etag), now) : []),
        ...(takes && administers(before) ? [assertAdministrable(db)] : []),
      ])
    },

    async deleteClient(before, now) {
      const etag = newEtag()
      await atomically([
        db
          .update(clients)
          .set({ status: 'deleted', generation: LAST_GENERATION, etag })
          .where(unchangedSince(before)) as Statement,
        changed(before.id, etag),
        db.delete(clientSecrets).where(eq(clientSecrets.clientId, before.id)) as Statement,
        ...writeLists(db, before.id, { plugins: [], grants: [], introspects: [], details: [] }),
        ...clientRules(db, markedWith(etag), now),
        ...(administers(before) ? [assertAdministrable(db)] : []),
      ])
    },

    async revokeClientTokens(id, now) {
      const etag = newEtag()
      await atomically([
        raiseClients(db, eq(clients.id, id), etag),
        changed(id, etag),
        ...clientRules(db, markedWith(etag), now),
      ])
    },
  }
}

import { type SQL, and, asc, eq, ne, sql } from 'drizzle-orm'
import {
  ADMIN_AUDIENCE,
  ADMIN_WRITE,
  LAST_GENERATION,
  UNUSED_GRACE_SECONDS,
} from '../../constants.ts'
import { takesFromClient } from '../../revocation/rules.ts'
import { clientSecrets, clients, workspaces } from '../schema.sqlite.ts'
import type { Client, ClientFilter, NewClient, Part, Store } from '../store.ts'
import { assertAdministrable } from './administrators.ts'
import {
  detailsJson,
  grantsJson,
  introspectsJson,
  missingPlugins,
  pluginIds,
  writeLists,
} from './client-lists.ts'
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
import { beginUnusedAnew, insertSecret } from './secrets.ts'

type ClientVerbs = Pick<
  Store,
  | 'listClients'
  | 'findClient'
  | 'createClient'
  | 'updateClient'
  | 'deleteClient'
  | 'revokeClientTokens'
  | 'findRegistrationHash'
  | 'listUnusedClients'
>

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
        softwareId: clients.softwareId,
        redirectUris: clients.redirectUris,
        unusedAfter: clients.unusedAfter,
        ledger: clients.ledger,
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

    async findRegistrationHash(id, hash) {
      const rows = await db
        .select({ id: clients.id, hash: clients.registrationHash })
        .from(clients)
        .leftJoin(workspaces, eq(workspaces.id, clients.workspaceId))
        .where(
          and(
            eq(clients.registrationHash, hash),
            eq(clients.status, 'active'),
            eq(workspaces.status, 'active'),
          ),
        )
      return rows.find((row) => row.id === id)?.hash ?? null
    },

    async listUnusedClients(now) {
      const lastUsed = sql`coalesce((select max(last_used_at) from client_secrets s
        where s.client_id = ${clients.id}), 0)`
      const couldLogIn = sql`${clients.status} = 'active' and (${clients.workspaceId} is null or exists
        (select 1 from workspaces w where w.id = ${clients.workspaceId} and w.status = 'active'))`
      return await select(
        sql`${couldLogIn}
          and max(${clients.createdAt}, ${lastUsed}) + ${clients.unusedAfter} <= ${now - UNUSED_GRACE_SECONDS}`,
      )
    },

    async createClient(client, now) {
      await atomically(newClient(db, client, now))
    },

    async updateClient(before, change, now) {
      const etag = newEtag()
      const takes = takesFromClient(before, change)
      const enabled = change.status === 'active' && before.status !== 'active'
      const { plugins: _p, grants: _g, introspects: _i, details: _d, ...columns } = change
      await atomically([
        db
          .update(clients)
          .set({ ...columns, etag, ...(takes && { generation: sql`generation + 1` }) })
          .where(unchangedSince(before)) as Statement,
        changed(before.id, etag),
        ...writeLists(db, before.id, change),
        ...(enabled ? [beginUnusedAnew(db, eq(clients.id, before.id), now)] : []),
        ...(takes ? clientRules(db, markedWith(etag), now) : []),
        ...(administers(before) ? [assertAdministrable(db)] : []),
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

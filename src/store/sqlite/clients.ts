import { type SQL, and, eq, ne, sql } from 'drizzle-orm'
import {
  ADMIN_AUDIENCE,
  ADMIN_WRITE,
  LAST_GENERATION,
  MAX_UNUSED_AT_A_TIME,
  UNUSED_GRACE_SECONDS,
} from '../../constants.ts'
import { takesFromClient } from '../../grants/taking-away.ts'
import { clientSecrets, clients, workspaces } from '../schema.sqlite.ts'
import type { Client, NewClient, Part, Store } from '../store.ts'
import { assertAdministrable } from './administrators.ts'
import {
  detailsJson,
  grantsJson,
  introspectsJson,
  missingPlugins,
  pluginIds,
  writeLists,
} from './client-lists.ts'
import { recordedAt } from './clock.ts'
import { type Database, type Driver, type Statement, assert, newEtag } from './database.ts'
import { clientRules, markedWith, raiseClients } from './rules.ts'
import { isThere, walkOf } from './client-walk.ts'
import { beginUnusedAnew, insertSecret } from './secrets.ts'
import { BY_AGE, type Walk, reading, partByAge, readWalk } from './walk.ts'

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
    db.insert(clients).values({ ...row, etag: newEtag(), createdAt: recordedAt(now) }) as Statement,
    insertSecret(db, client.id, secret, now),
    ...writeLists(db, client.id, { plugins: pluginList, grants, introspects, details }),
  ]
}

const shown = {
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
}

const administers = (client: Client): boolean =>
  client.workspaceId === null &&
  client.grants.some((g) => g.audience === ADMIN_AUDIENCE && g.permissions.includes(ADMIN_WRITE))

export const clientVerbs = ({ db, atomically }: Driver): ClientVerbs => {
  const read = (walk: Walk, part: Part) =>
    readWalk(db, walk, partByAge<Client>(part, reading(db, shown)))

  const changed = (id: string, etag: string): Statement =>
    assert(db, 'unchanged', sql`exists (select 1 from clients where id = ${id} and etag = ${etag})`)

  const unchangedSince = (before: Client): SQL | undefined =>
    and(eq(clients.id, before.id), eq(clients.etag, before.etag), ne(clients.status, 'deleted'))

  return {
    async listClients(filter = {}, part = {}) {
      return await read(await walkOf(db, filter), part)
    },

    async findClient(id) {
      const rows: Client[] = await db
        .select(shown)
        .from(clients)
        .where(and(eq(clients.id, id), isThere))
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
      const couldLogIn = sql`(${clients.workspaceId} is null or exists
        (select 1 from workspaces w where w.id = ${clients.workspaceId} and w.status = 'active'))`
      const isOver = sql`max(${clients.createdAt}, ${lastUsed}) + ${clients.unusedAfter} <= ${now - UNUSED_GRACE_SECONDS}`
      const walk = {
        ...BY_AGE,
        table: 'clients',
        index: 'clients_unused',
        within: [sql`${clients.status} = 'active' and ${clients.unusedAfter} is not null`],
        filters: [couldLogIn, isOver],
      }
      return await read(walk, { limit: MAX_UNUSED_AT_A_TIME })
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

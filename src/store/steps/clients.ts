// Clients.
import { type SQL, and, eq, ne, sql } from 'drizzle-orm/sql'
import {
  ADMIN_AUDIENCE,
  ADMIN_WRITE,
  LAST_GENERATION,
  MAX_UNUSED_AT_A_TIME,
  UNUSED_GRACE_SECONDS,
} from '../../constants.ts'
import { takesFromClient } from '../../grants/taking-away.ts'
import { clientSecrets, clients } from '../tables/clients.ts'
import { workspaces } from '../tables/registry.ts'
import type { Client, ClientStore, NewClient } from '../types/clients.ts'
import type { Part } from '../types/lists.ts'
import { assertAdministrable } from './administrators.ts'
import { clientLists } from './aggregates.ts'
import { assertPluginsActive, missingPlugins, writeLists } from './client-lists.ts'
import { isThere, walkOf } from './client-walk.ts'
import { recordedAt } from './clock.ts'
import type { Context, Statement, Verb } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { readAll, readFirst, select } from './query.ts'
import { clientRules, markedWith, raiseClients } from './rules.ts'
import { beginUnusedAnew, insertSecret } from './secrets.ts'
import { assertMarked, deleteFrom, insert, newEtag, update } from './statements.ts'
import { BY_AGE, type Walk, partByAge, readWalk, reading } from './walk.ts'

export const newClient = (dialect: Dialect, client: NewClient, now: number): Statement[] => {
  const { secret, createPlugins, plugins, grants, introspects, details, ...row } = client
  const createdAt = recordedAt(dialect, now)
  return [
    ...(createPlugins ? [missingPlugins(dialect, plugins, now)] : []),
    ...(plugins.length > 0 ? [assertPluginsActive(dialect, plugins)] : []),
    insert(clients, { ...row, etag: newEtag(), createdAt }),
    insertSecret(client.id, secret, now),
    ...writeLists(dialect, client.id, { plugins, grants, introspects, details }),
  ]
}

const shownBy = (dialect: Dialect) => ({
  id: clients.id,
  name: clients.name,
  workspaceId: clients.workspaceId,
  status: clients.status,
  authMethod: clients.authMethod,
  tokenTtl: clients.tokenTtl,
  quotaPerMinute: clients.quotaPerMinute,
  ...clientLists(dialect),
  softwareId: clients.softwareId,
  redirectUris: clients.redirectUris,
  unusedAfter: clients.unusedAfter,
  ledger: clients.ledger,
  generation: clients.generation,
  etag: clients.etag,
  createdAt: clients.createdAt,
})

const administers = ({ workspaceId, grants }: Client): boolean =>
  workspaceId === null &&
  grants.some((g) => g.audience === ADMIN_AUDIENCE && g.permissions.includes(ADMIN_WRITE))

/** True for a client that is still what the caller has read. */
const isUnchanged = (before: Client): SQL | undefined =>
  and(eq(clients.id, before.id), eq(clients.etag, before.etag), ne(clients.status, 'deleted'))

const readClients = (context: Context, walk: Walk, part: Part): Promise<Client[]> =>
  readWalk(context, walk, partByAge<Client>(part, reading(context, shownBy(context.dialect))))

const listClients: Verb<'listClients'> =
  (context) =>
  async (filter = {}, part = {}) =>
    await readClients(context, await walkOf(context, filter), part)

const findClient: Verb<'findClient'> =
  ({ connection, dialect }) =>
  (id) => {
    const isAsked = and(eq(clients.id, id), isThere)
    return readFirst(connection, select(shownBy(dialect), sql`from ${clients} where ${isAsked}`))
  }

const findDeletedClient: Verb<'findDeletedClient'> =
  ({ connection }) =>
  (id) => {
    const where = and(eq(clients.id, id), eq(clients.status, 'deleted'))
    const shown = { id: clients.id, workspaceId: clients.workspaceId }
    return readFirst(connection, select(shown, sql`from ${clients} where ${where}`))
  }

const findRegistrationHash: Verb<'findRegistrationHash'> =
  ({ connection }) =>
  async (id, hash) => {
    const mayLogIn = and(
      eq(clients.registrationHash, hash),
      eq(clients.status, 'active'),
      eq(workspaces.status, 'active'),
    )
    const query = select(
      { id: clients.id, hash: clients.registrationHash },
      sql`from ${clients} join ${workspaces} on ${workspaces.id} = ${clients.workspaceId}
        where ${mayLogIn}`,
    )
    const rows = await readAll(connection, query)
    return rows.find((row) => row.id === id)?.hash ?? null
  }

const listUnusedClients: Verb<'listUnusedClients'> = (context) => async (now) => {
  const lastUsed = sql`coalesce((select max(last_used_at) from client_secrets s
    where s.client_id = ${clients.id}), 0)`
  const couldLogIn = sql`(${clients.workspaceId} is null or exists
    (select 1 from workspaces w where w.id = ${clients.workspaceId} and w.status = 'active'))`
  const begun = context.dialect.greatest(clients.createdAt, lastUsed)
  const isOver = sql`${begun} + ${clients.unusedAfter} <= ${now - UNUSED_GRACE_SECONDS}`
  const walk = {
    ...BY_AGE,
    table: 'clients',
    index: 'clients_unused',
    within: [sql`${clients.status} = 'active' and ${clients.unusedAfter} is not null`],
    filters: [couldLogIn, isOver],
  }
  return await readClients(context, walk, { limit: MAX_UNUSED_AT_A_TIME })
}

const createClient: Verb<'createClient'> =
  ({ connection, dialect }) =>
  async (client, now) => {
    await connection.atomically(newClient(dialect, client, now))
  }

const updateClient: Verb<'updateClient'> =
  ({ connection, dialect }) =>
  async (before, change, now, cause) => {
    const etag = newEtag()
    const takes = takesFromClient(before, change)
    const enables = change.status === 'active' && before.status !== 'active'
    const added = (change.plugins ?? []).filter((id) => !before.plugins.includes(id))
    const { plugins: _p, grants: _g, introspects: _i, details: _d, ...columns } = change
    await connection.atomically([
      update(
        clients,
        { ...columns, etag, ...(takes && { generation: sql`generation + 1` }) },
        isUnchanged(before),
      ),
      assertMarked(clients, before.id, etag),
      ...(added.length > 0 ? [assertPluginsActive(dialect, added)] : []),
      ...writeLists(dialect, before.id, change),
      ...(enables ? [beginUnusedAnew(dialect, eq(clients.id, before.id), now)] : []),
      ...(takes ? clientRules(dialect, markedWith(etag), { now, cause }) : []),
      ...(administers(before) ? [assertAdministrable()] : []),
    ])
  }

const deleteClient: Verb<'deleteClient'> =
  ({ connection, dialect }) =>
  async (before, now, cause) => {
    const etag = newEtag()
    const nothing = { plugins: [], grants: [], introspects: [], details: [] }
    await connection.atomically([
      update(
        clients,
        { status: 'deleted', generation: LAST_GENERATION, etag },
        isUnchanged(before),
      ),
      assertMarked(clients, before.id, etag),
      deleteFrom(clientSecrets, eq(clientSecrets.clientId, before.id)),
      ...writeLists(dialect, before.id, nothing),
      ...clientRules(dialect, markedWith(etag), { now, cause }),
      ...(administers(before) ? [assertAdministrable()] : []),
    ])
  }

const revokeClientTokens: Verb<'revokeClientTokens'> =
  ({ connection, dialect }) =>
  async (id, now, cause) => {
    const etag = newEtag()
    await connection.atomically([
      raiseClients(eq(clients.id, id), etag),
      assertMarked(clients, id, etag),
      ...clientRules(dialect, markedWith(etag), { now, cause }),
    ])
  }

export const clientVerbs = (context: Context): ClientStore => ({
  listClients: listClients(context),
  findClient: findClient(context),
  findDeletedClient: findDeletedClient(context),
  createClient: createClient(context),
  updateClient: updateClient(context),
  deleteClient: deleteClient(context),
  revokeClientTokens: revokeClientTokens(context),
  findRegistrationHash: findRegistrationHash(context),
  listUnusedClients: listUnusedClients(context),
})

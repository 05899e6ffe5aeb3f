// Reads of a token request, prepared once: the login, and the client with all that it is granted.
import { type SQL, and, eq, gt, isNull, or, sql } from 'drizzle-orm/sql'
import { clientSecrets, clients } from '../tables/clients.ts'
import { aliased } from '../tables/column.ts'
import { workspaces } from '../tables/registry.ts'
import { revocationCounter } from '../tables/revocations.ts'
import type { Audience } from '../types/audiences.ts'
import type { GrantedClient, TokenStore } from '../types/tokens.ts'
import { clientLists, inDeclaredOrder, permissionList } from './aggregates.ts'
import type { Context, Verb } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { isWord } from './literals.ts'
import { type Field, type RowOf, computed, computedJson, prepared, select } from './query.ts'
import { explainRefusal } from './refused-client.ts'
import { remembering } from './remembering.ts'

const mayLogIn = (): SQL | undefined =>
  and(
    eq(clientSecrets.hash, sql.placeholder('hash')),
    isNull(clientSecrets.revokedAt),
    or(isNull(clientSecrets.expiresAt), gt(clientSecrets.expiresAt, sql.placeholder('now'))),
    isWord(clients.status, 'active'),
    or(isNull(clients.workspaceId), isWord(workspaces.status, 'active')),
  )

const findLogin: Verb<'findLogin'> = ({ connection }) => {
  const { id, hash, clientId, expiresAt } = clientSecrets
  const query = select(
    { id, hash, clientId, expiresAt },
    sql`from ${clientSecrets} join ${clients} on ${clients.id} = ${clientId}
      left join ${workspaces} on ${workspaces.id} = ${clients.workspaceId}
      where ${mayLogIn()}`,
  )
  const findLogins = prepared(connection, query)
  const find = remembering(
    connection,
    async (askedHash: string, askedId: string, now: number) => {
      const logins = await findLogins({ hash: askedHash, now })
      return logins.find((login) => login.clientId === askedId) ?? null
    },
    // Only a good login is answered from memory: all refused ones read the database alike.
    (login, askedId, now) =>
      login?.clientId === askedId && (login.expiresAt === null || login.expiresAt > now),
  )
  return (askedId, askedHash, now) => find(askedHash, askedId, now)
}

const pluginsOf = ({ json }: Dialect): Field<GrantedClient['plugins']> => {
  const plugin = json.object({
    id: sql`p.id`,
    status: sql`p.status`,
    trust: sql`p.trust`,
    generation: sql`p.generation`,
    snapshot: sql`p.snapshot`,
    capabilities: json.stored(sql`p.capabilities`),
  })
  return computedJson(sql`(
    select ${json.list(plugin)} from client_plugins cp join plugins p on p.id = cp.plugin_id
    where cp.client_id = ${clients.id})`)
}

type GrantedAudience = GrantedClient['grants'][number]['audience']
type StoredAudience = Omit<Audience, 'requiresPlugin' | 'permissions'> & {
  /** A number in SQLite. */
  requiresPlugin: boolean | number
  permissions: Parameters<typeof inDeclaredOrder>[0]
}

const audienceFrom = ({ requiresPlugin, permissions, ...audience }: StoredAudience) => ({
  ...audience,
  requiresPlugin: Boolean(requiresPlugin),
  permissions: inDeclaredOrder(permissions),
})

/** The audiences that a client has a grant for. */
const audiencesOf = (dialect: Dialect): Field<GrantedAudience[]> => {
  const { json } = dialect
  const audience = json.object({
    id: sql`a.id`,
    requiresPlugin: sql`a.requires_plugin`,
    tokenTtl: sql`a.token_ttl`,
    algorithm: sql`a.algorithm`,
    permissions: permissionList(dialect, sql`a.id`),
  })
  // `distinct` in a subquery: IN (SELECT …) costs SQLite a temporary table at every execution.
  const list = computedJson<StoredAudience[]>(sql`(
    select ${json.list(audience)}
    from (select distinct audience_id from client_grants where client_id = ${clients.id}) granted
    join audiences a on a.id = granted.audience_id)`)
  return { ...list, decode: (value) => list.decode(value).map(audienceFrom) }
}

const limitedBy = aliased(clients, 'limited_by')

const shownBy = (dialect: Dialect) => {
  const { plugins: _ids, ...lists } = clientLists(dialect)
  return {
    id: clients.id,
    status: clients.status,
    tokenTtl: clients.tokenTtl,
    quotaPerMinute: clients.quotaPerMinute,
    generation: clients.generation,
    workspace: {
      optional: {
        id: workspaces.id,
        status: workspaces.status,
        generation: workspaces.generation,
      },
    },
    workspaceRef: computed<string>(sql`coalesce(${workspaces.ref},
      (select no_workspace_ref from ${revocationCounter}))`),
    ...lists,
    plugins: pluginsOf(dialect),
    audiences: audiencesOf(dialect),
    ledger: clients.ledger,
    limitedBy: { optional: { id: limitedBy.id, quotaPerMinute: limitedBy.quotaPerMinute } },
  }
}

const grantedClient = (row: RowOf<ReturnType<typeof shownBy>>): GrantedClient => {
  const { audiences, grants, ...client } = row
  const byId = new Map(audiences.map((audience) => [audience.id, audience]))
  return {
    ...client,
    grants: grants.flatMap(({ audience: id, permissions }) => {
      const audience = byId.get(id)
      return audience === undefined ? [] : [{ audience, permissions }]
    }),
  }
}

const findGrantedClient: Verb<'findGrantedClient'> = ({ connection, dialect }) => {
  const query = select(
    shownBy(dialect),
    sql`from ${clients}
      left join ${workspaces} on ${workspaces.id} = ${clients.workspaceId}
      left join ${limitedBy} on ${limitedBy.id} = ${clients.limitedBy}
      where ${eq(clients.id, sql.placeholder('clientId'))}`,
  )
  const find = prepared(connection, query)
  return remembering(connection, async (clientId) => {
    const [row] = await find({ clientId })
    return row === undefined ? null : grantedClient(row)
  })
}

export const tokenVerbs = (context: Context): TokenStore => ({
  findLogin: findLogin(context),
  explainRefusal: explainRefusal(context),
  findGrantedClient: findGrantedClient(context),
})

// What a token request and an introspection read: prepared once, one statement each.
import { type SQL, type SQLWrapper, and, eq, gt, isNull, or, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { KEY_RETIREMENT_SECONDS } from '../../constants.ts'
import type { Algorithm } from '../../signing/algorithms.ts'
import {
  clientSecrets,
  clients,
  revocationCounter,
  revocations,
  signingKeys,
  workspaces,
} from '../schema.sqlite.ts'
import type {
  Audience,
  AuthorizationDetail,
  Permission,
  RevocationKind,
  SigningKey,
  Store,
  GrantedClient,
} from '../store.ts'
import { endedBy } from './clock.ts'
import { type Driver, remembering } from './database.ts'

type TokenVerbs = Pick<
  Store,
  'findLogin' | 'findGrantedClient' | 'findActiveKey' | 'findPublishedKey' | 'findRevocation'
>

const json = <T>(text: unknown): T => JSON.parse(text as string) as T

const pluginsJson = sql`(
  select json_group_array(json_object('id', p.id, 'trust', p.trust, 'generation', p.generation,
    'snapshot', p.snapshot, 'capabilities', json(p.capabilities)))
  from client_plugins cp join plugins p on p.id = cp.plugin_id
  where cp.client_id = ${clients.id})`.mapWith(json<GrantedClient['plugins']>)

type StoredGrant = Pick<Audience, 'id' | 'tokenTtl' | 'algorithm'> & {
  requiresPlugin: number
  permissions: (Permission & { position: number; granted: number })[]
}

const grantsFromJson = (text: unknown): GrantedClient['grants'] =>
  json<StoredGrant[]>(text).map(({ id, requiresPlugin, tokenTtl, algorithm, permissions }) => {
    const declared = permissions.toSorted((a, b) => a.position - b.position)
    return {
      audience: {
        id,
        requiresPlugin: requiresPlugin !== 0,
        tokenTtl,
        algorithm,
        permissions: declared.map(({ name, implies }) => ({ name, implies })),
      },
      permissions: declared.filter(({ granted }) => granted !== 0).map(({ name }) => name),
    }
  })

// Without ORDER BY and IN (SELECT …), each of which costs SQLite a temporary table at every execution.
const grantsJson = sql`(
  select json_group_array(json_object('id', a.id, 'requiresPlugin', a.requires_plugin,
    'tokenTtl', a.token_ttl, 'algorithm', a.algorithm, 'permissions', (
      select json_group_array(json_object('name', p.name, 'implies', json(p.implies),
        'position', p.position, 'granted', exists (select 1 from client_grants g
          where g.client_id = ${clients.id} and g.audience_id = a.id and g.permission = p.name)))
      from permissions p where p.audience_id = a.id)))
  from (select distinct audience_id from client_grants where client_id = ${clients.id}) granted
  join audiences a on a.id = granted.audience_id)`.mapWith(grantsFromJson)

const introspectsJson = sql`(
  select json_group_array(audience_id)
  from client_introspects where client_id = ${clients.id})`.mapWith(json<string[]>)

const detailsJson = sql`(
  select json_group_array(json(entry)) from (select entry from client_details
    where client_id = ${clients.id} order by position))`.mapWith(json<AuthorizationDetail[]>)

/**
 * Compares with a constant that is written out, not bound. SQLite plans a statement anew at every execution where a
 * bound value may decide between partial indexes: `findLogin` would take eight times as long.
 */
const isWord = (column: SQLWrapper, word: string): SQL => sql`${column} = ${sql.raw(`'${word}'`)}`

const isActive = isWord(signingKeys.state, 'active')

/** `publishedKeys` of the key ring, in SQL. */
const isPublished = or(
  sql`${signingKeys.state} in ('active', 'next')`,
  and(
    sql`${signingKeys.state} = 'retiring'`,
    // By whichever clock is behind: what it signed must be recognised to be taken back.
    sql`${signingKeys.retiredAt} + ${sql.raw(String(KEY_RETIREMENT_SECONDS))} > ${endedBy(sql.placeholder('now'))}`,
  ),
)

export const tokenVerbs = (driver: Driver): TokenVerbs => {
  const { db } = driver
  const logins = db
    .select({ id: clientSecrets.id, hash: clientSecrets.hash, clientId: clientSecrets.clientId })
    .from(clientSecrets)
    .innerJoin(clients, eq(clients.id, clientSecrets.clientId))
    .leftJoin(workspaces, eq(workspaces.id, clients.workspaceId))
    .where(
      and(
        eq(clientSecrets.hash, sql.placeholder('hash')),
        isNull(clientSecrets.revokedAt),
        or(isNull(clientSecrets.expiresAt), gt(clientSecrets.expiresAt, sql.placeholder('now'))),
        isWord(clients.status, 'active'),
        or(isNull(clients.workspaceId), isWord(workspaces.status, 'active')),
      ),
    )
    .prepare()

  const limitedBy = alias(clients, 'limited_by')
  const grantedClient = db
    .select({
      id: clients.id,
      status: clients.status,
      tokenTtl: clients.tokenTtl,
      quotaPerMinute: clients.quotaPerMinute,
      generation: clients.generation,
      workspace: {
        id: workspaces.id,
        status: workspaces.status,
        generation: workspaces.generation,
      },
      workspaceRef: sql<string>`coalesce(${workspaces.ref},
        (select no_workspace_ref from ${revocationCounter}))`,
      plugins: pluginsJson,
      grants: grantsJson,
      introspects: introspectsJson,
      details: detailsJson,
      ledger: clients.ledger,
      limitedBy: { id: limitedBy.id, quotaPerMinute: limitedBy.quotaPerMinute },
    })
    .from(clients)
    .leftJoin(workspaces, eq(workspaces.id, clients.workspaceId))
    .leftJoin(limitedBy, eq(limitedBy.id, clients.limitedBy))
    .where(eq(clients.id, sql.placeholder('clientId')))
    .prepare()

  const active = and(eq(signingKeys.algorithm, sql.placeholder('algorithm')), isActive)
  const activeKey = db.select().from(signingKeys).where(active).prepare()

  const publishedKey = db
    .select()
    .from(signingKeys)
    .where(and(eq(signingKeys.kid, sql.placeholder('kid')), isPublished))
    .prepare()

  /** True for a rule of this kind and value; where the kind has generations, for one above the token's. */
  const ruleOver = (kind: RevocationKind, generation?: string) =>
    and(
      isWord(revocations.kind, kind),
      eq(revocations.value, sql.placeholder(kind)),
      generation === undefined ? undefined : gt(revocations.gen, sql.placeholder(generation)),
    )
  const runRule = and(
    isWord(revocations.kind, 'run'),
    sql`${revocations.value} in (select value from json_each(${sql.placeholder('runs')}))`,
  )
  const workspaceRule = and(
    isWord(revocations.kind, 'workspace'),
    sql`${revocations.value} in (select value from json_each(${sql.placeholder('workspaces')}))`,
    gt(revocations.gen, sql.placeholder('workspaceGen')),
  )
  // No LIMIT, which would be bound (see `isWord`): there are a handful of rows, and two for each run.
  const revocation = db
    .select({ kind: sql<RevocationKind>`${revocations.kind}` })
    .from(revocations)
    .where(
      or(
        ruleOver('jti'),
        ruleOver('key'),
        ruleOver('client', 'clientGen'),
        ruleOver('plugin', 'pluginGen'),
        workspaceRule,
        runRule,
      ),
    )
    .prepare()

  // The same said by what the rules are about: a clock that was wrong for a while prunes rules, and nothing of this.
  const outdated = db
    .select({ kind: sql<RevocationKind>`kind` })
    .from(
      sql`(select 'client' as kind from clients
          where id = ${sql.placeholder('client')} and generation > ${sql.placeholder('clientGen')}
        union all select 'plugin' from plugins
          where id = ${sql.placeholder('plugin')} and generation > ${sql.placeholder('pluginGen')}
        union all select 'workspace' from workspaces
          where id = ${sql.placeholder('workspace')} and generation > ${sql.placeholder('workspaceGen')}
        union all select 'run' from json_each(${sql.placeholder('runs')}) asked
          cross join closed_runs run on run.value = asked.value
        union all select 'jti' from server_clock where pruned_until > 0 and pruned_until >= ${sql.placeholder('exp')})`,
    )
    .prepare()

  return {
    async findLogin(clientId, hash, now) {
      const rows = await logins.all({ hash, now })
      const login = rows.find((row) => row.clientId === clientId)
      return login === undefined ? null : { id: login.id, hash: login.hash }
    },

    findGrantedClient: remembering(driver, async (clientId) => {
      const rows: GrantedClient[] = await grantedClient.all({ clientId })
      return rows[0] ?? null
    }),

    findActiveKey: remembering(driver, async (algorithm: Algorithm) => {
      const rows = await activeKey.all({ algorithm })
      return (rows[0] as SigningKey | undefined) ?? null
    }),

    async findPublishedKey(kid, now) {
      const rows = await publishedKey.all({ kid, now })
      return (rows[0] as SigningKey | undefined) ?? null
    },

    async findRevocation(token) {
      const { workspace, plugin } = token
      const compared = {
        client: token.clientId,
        clientGen: token.clientGen,
        plugin: plugin?.id ?? null,
        pluginGen: plugin?.generation ?? null,
        workspace: workspace.id,
        workspaces: JSON.stringify(workspace.values),
        workspaceGen: workspace.generation,
        runs: JSON.stringify(token.runs),
        exp: token.exp,
      }
      const [rule] = await revocation.all({ ...compared, jti: token.jti, key: token.kid })
      if (rule !== undefined) return rule.kind
      const [old] = await outdated.all(compared)
      return old?.kind ?? null
    },
  }
}

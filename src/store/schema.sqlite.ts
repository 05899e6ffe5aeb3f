// What is stored, and why. Times are seconds since the epoch. Nothing here is a token, and no secret is
// stored that a copy of the file would give away: secrets as SHA-256, private keys encrypted.
//
// Cloudflare D1 runs the same migrations, so there is no ON DELETE CASCADE and no table is rebuilt.
import { sql } from 'drizzle-orm'
import {
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'
import type { AuthorizationDetail, Grant } from './store.ts'

/** Random at every change: the guard of a change that was decided from an older read. */
const etag = () => text('etag').notNull()

/** Carried by every token; raising it kills every older one. */
const generation = () => integer('generation').notNull().default(1)

const createdAt = () => integer('created_at').notNull()

/** Rows that lists have: deleted ones stay in the table. */
const isThere = sql`status <> 'deleted'`
const isActive = sql`status = 'active'`

/** The tenant. */
export const workspaces = sqliteTable(
  'workspaces',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    status: text('status', { enum: ['active', 'suspended'] })
      .notNull()
      .default('active'),
    generation: generation(),
    /** 128 random bits in every token of the workspace: rules in the public list are made of it, not of the id. */
    ref: text('ref').notNull().default(''),
    etag: etag(),
    createdAt: createdAt(),
  },
  (t) => [index('workspaces_age').on(t.createdAt, t.id)],
)

/** A resource server that tokens are meant for. */
export const audiences = sqliteTable(
  'audiences',
  {
    id: text('id').primaryKey(),
    requiresPlugin: integer('requires_plugin', { mode: 'boolean' }).notNull().default(false),
    /** Seconds; null: the server's default. */
    tokenTtl: integer('token_ttl'),
    algorithm: text('algorithm').notNull().default('RS256'),
    etag: etag(),
    createdAt: createdAt(),
  },
  (t) => [index('audiences_age').on(t.createdAt, t.id)],
)

/** The scope values of an audience, each with those that it implies directly. */
export const permissions = sqliteTable(
  'permissions',
  {
    audienceId: text('audience_id')
      .notNull()
      .references(() => audiences.id),
    name: text('name').notNull(),
    /** The order in which they were declared, which is the order of a token's scope. */
    position: integer('position').notNull(),
    implies: text('implies', { mode: 'json' }).$type<string[]>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.audienceId, t.name] })],
)

/** The software that a client acts for. */
export const plugins = sqliteTable(
  'plugins',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    trust: text('trust', { enum: ['bundled', 'trusted', 'restricted'] })
      .notNull()
      .default('restricted'),
    capabilities: text('capabilities', { mode: 'json' }).$type<string[]>().notNull(),
    snapshot: text('snapshot'),
    generation: generation(),
    etag: etag(),
    createdAt: createdAt(),
  },
  (t) => [index('plugins_age').on(t.createdAt, t.id)],
)

/** A confidential client. A deleted one stays as a tombstone, so that its id is never used again. */
export const clients = sqliteTable(
  'clients',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** Null: an administrator who is bound to no workspace. */
    workspaceId: text('workspace_id').references(() => workspaces.id),
    status: text('status', { enum: ['active', 'disabled', 'deleted'] })
      .notNull()
      .default('active'),
    authMethod: text('auth_method', { enum: ['client_secret_basic', 'client_secret_post'] })
      .notNull()
      .default('client_secret_basic'),
    /** Seconds; null: what the audience says. */
    tokenTtl: integer('token_ttl'),
    /** Token requests a minute; null: no quota. */
    quotaPerMinute: integer('quota_per_minute'),
    /** SHA-256 (base64url) of the registration access token (RFC 7592), for a client that enrolled itself. */
    registrationHash: text('registration_hash'),
    softwareId: text('software_id'),
    /** What a client that enrolled itself has said (RFC 7591 §2): answered to it, and used for nothing. */
    redirectUris: text('redirect_uris', { mode: 'json' }).$type<string[]>().notNull().default([]),
    /** Seconds without a login after which it is removed; null: it stays. */
    unusedAfter: integer('unused_after'),
    /** Whether all its tokens are kept in the ledger, not only those of a run. */
    ledger: integer('ledger', { mode: 'boolean' }).notNull().default(false),
    /**
     * The client of the bound administrator who made it, or who made that one: this client's token requests count
     * against its quota, too. Null: made by others, or given a quota of its own by an unbound administrator.
     */
    limitedBy: text('limited_by'),
    generation: generation(),
    etag: etag(),
    createdAt: createdAt(),
  },
  (t) => [
    index('clients_workspace').on(t.workspaceId),
    index('clients_registration_hash').on(t.registrationHash),
    // Lists, in the order of age (`sqlite/client-walk.ts`).
    index('clients_age').on(t.createdAt, t.id).where(isThere),
    index('clients_workspace_age').on(t.workspaceId, t.createdAt, t.id).where(isThere),
    index('clients_name').on(t.name, t.createdAt, t.id).where(isThere),
    index('clients_unused')
      .on(t.createdAt, t.id)
      .where(sql`status = 'active' and unused_after is not null`),
  ],
)

/** SHA-256 (base64url) of 256 random bits: a plain hash is enough where nothing can be guessed. */
export const clientSecrets = sqliteTable(
  'client_secrets',
  {
    id: text('id').primaryKey(),
    clientId: text('client_id')
      .notNull()
      .references(() => clients.id),
    name: text('name'),
    hash: text('hash').notNull(),
    /** The last four characters, so that a person can tell secrets apart. */
    hint: text('hint').notNull(),
    createdAt: createdAt(),
    expiresAt: integer('expires_at'),
    revokedAt: integer('revoked_at'),
    /** To the minute: written behind the logins, never with one. */
    lastUsedAt: integer('last_used_at'),
  },
  (t) => [
    index('client_secrets_client').on(t.clientId),
    index('client_secrets_hash').on(t.hash),
    index('client_secrets_live')
      .on(t.clientId, t.expiresAt)
      .where(sql`revoked_at is null`),
  ],
)

/** The plugins that a client may act for. */
export const clientPlugins = sqliteTable(
  'client_plugins',
  {
    clientId: text('client_id')
      .notNull()
      .references(() => clients.id),
    pluginId: text('plugin_id')
      .notNull()
      .references(() => plugins.id),
  },
  (t) => [
    primaryKey({ columns: [t.clientId, t.pluginId] }),
    index('client_plugins_plugin').on(t.pluginId),
  ],
)

/** The ceiling of every token: audience → permissions. */
export const clientGrants = sqliteTable(
  'client_grants',
  {
    clientId: text('client_id')
      .notNull()
      .references(() => clients.id),
    audienceId: text('audience_id').notNull(),
    permission: text('permission').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.clientId, t.audienceId, t.permission] }),
    foreignKey({
      columns: [t.audienceId, t.permission],
      foreignColumns: [permissions.audienceId, permissions.name],
    }),
    index('client_grants_permission').on(t.audienceId, t.permission),
  ],
)

/**
 * The authorization details that a client may ask for (RFC 9396), in the order in which they were granted.
 * `type` and `identifier` repeat what the entry says, so that a resource finds those that point at it.
 */
export const clientDetails = sqliteTable(
  'client_details',
  {
    clientId: text('client_id')
      .notNull()
      .references(() => clients.id),
    position: integer('position').notNull(),
    type: text('type').notNull(),
    identifier: text('identifier').notNull(),
    entry: text('entry', { mode: 'json' }).$type<AuthorizationDetail>().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.clientId, t.position] }),
    index('client_details_target').on(t.type, t.identifier),
  ],
)

/** What authorization details point at. A deleted one stays, so that its id never means another. */
export const resources = sqliteTable(
  'resources',
  {
    type: text('type').notNull(),
    id: text('id').notNull(),
    workspaceId: text('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    parts: text('parts', { mode: 'json' }).$type<string[]>().notNull(),
    status: text('status', { enum: ['active', 'deleted'] })
      .notNull()
      .default('active'),
    etag: etag(),
    createdAt: createdAt(),
  },
  // One id for all workspaces: a resource server that compares ids alone must not mistake one for another.
  (t) => [
    primaryKey({ columns: [t.type, t.id] }),
    index('resources_workspace').on(t.workspaceId),
    // Lists, in the order of age (`sqlite/resources.ts`).
    index('resources_age').on(t.createdAt, t.type, t.id).where(isActive),
    index('resources_type_age').on(t.type, t.createdAt, t.id).where(isActive),
    index('resources_workspace_age').on(t.workspaceId, t.createdAt, t.type, t.id).where(isActive),
    index('resources_workspace_type_age')
      .on(t.workspaceId, t.type, t.createdAt, t.id)
      .where(isActive),
  ],
)

/** Single-use credentials that become a client. Used ones are kept for a while, to say so to who tries again. */
export const enrollments = sqliteTable(
  'enrollments',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** SHA-256 (base64url) of 256 random bits. */
    hash: text('hash').notNull().unique(),
    workspaceId: text('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    plugins: text('plugins', { mode: 'json' }).$type<string[]>().notNull(),
    grants: text('grants', { mode: 'json' }).$type<Grant[]>().notNull(),
    details: text('details', { mode: 'json' }).$type<AuthorizationDetail[]>().notNull(),
    /** Of the client that it becomes, in seconds; null: it stays. */
    unusedAfter: integer('unused_after'),
    createdAt: createdAt(),
    expiresAt: integer('expires_at').notNull(),
    usedAt: integer('used_at'),
    revokedAt: integer('revoked_at'),
    /** What it has become. */
    clientId: text('client_id').references(() => clients.id),
    /** The administrator who made it, whose end is its end; null: someone with a shell on the server. */
    createdBy: text('created_by').references(() => clients.id),
    /** The administrator's generation then: another one says that something was taken away. */
    createdByGeneration: integer('created_by_generation'),
  },
  (t) => [
    index('enrollments_workspace').on(t.workspaceId),
    index('enrollments_age').on(t.createdAt, t.id),
    index('enrollments_workspace_age').on(t.workspaceId, t.createdAt, t.id),
    index('enrollments_expiry').on(t.expiresAt),
  ],
)

/** The audiences whose tokens a client may introspect besides its own. */
export const clientIntrospects = sqliteTable(
  'client_introspects',
  {
    clientId: text('client_id')
      .notNull()
      .references(() => clients.id),
    audienceId: text('audience_id')
      .notNull()
      .references(() => audiences.id),
  },
  (t) => [primaryKey({ columns: [t.clientId, t.audienceId] })],
)

/** Signing keys, the private half as a JWE under the key-encryption key; erased when revoked. */
export const signingKeys = sqliteTable(
  'signing_keys',
  {
    /** The RFC 7638 thumbprint of the public key. */
    kid: text('kid').primaryKey(),
    algorithm: text('algorithm').notNull(),
    state: text('state', { enum: ['next', 'active', 'retiring', 'revoked'] }).notNull(),
    publicJwk: text('public_jwk', { mode: 'json' }).$type<Record<string, unknown>>().notNull(),
    privateJwe: text('private_jwe'),
    createdAt: createdAt(),
    activatedAt: integer('activated_at'),
    /** Since when it signs no longer: it stays published for as long as what it has signed can live. */
    retiredAt: integer('retired_at'),
    revokedAt: integer('revoked_at'),
  },
  (t) => [
    uniqueIndex('signing_keys_one_active')
      .on(t.algorithm)
      .where(sql`state = 'active'`),
    uniqueIndex('signing_keys_one_next')
      .on(t.algorithm)
      .where(sql`state = 'next'`),
  ],
)

/** Rules over claims, kept until every token that they can match has expired. */
export const revocations = sqliteTable(
  'revocations',
  {
    /** From `revocation_counter`, in commit order. */
    seq: integer('seq').primaryKey(),
    kind: text('kind').notNull(),
    value: text('value').notNull(),
    /** Tokens of an older generation are revoked; null where the kind has no generation. */
    gen: integer('gen'),
    /** Whose token a `jti` rule takes back: what bounds them per client. */
    clientId: text('client_id'),
    /** Null: for good. */
    expiresAt: integer('expires_at'),
    createdAt: createdAt(),
  },
  (t) => [
    uniqueIndex('revocations_kind_value').on(t.kind, t.value),
    index('revocations_client').on(t.clientId),
    // Kinds that are rare beside those. Others are found in steps.
    index('revocations_rare_kind')
      .on(t.kind)
      .where(sql`kind not in ('jti', 'run')`),
    index('revocations_expiry').on(t.expiresAt),
  ],
)

/** One row. A follower that has seen `seq` has seen every rule up to it: writers take turns. */
export const revocationCounter = sqliteTable('revocation_counter', {
  id: integer('id').primaryKey(),
  seq: integer('seq').notNull(),
  /** Of which history the numbers are: another one after a backup has been restored. */
  epoch: text('epoch').notNull().default(''),
  /** The highest number of a rule that has been pruned. */
  prunedSeq: integer('pruned_seq').notNull().default(0),
  /** The reference of clients that belong to no workspace. */
  noWorkspaceRef: text('no_workspace_ref').notNull().default(''),
  /**
   * Set by the migration that adds references: the last moment in which a token without one can live. Until then
   * rules are written over ids as well. Null: the database never had such tokens, or they have expired.
   */
  namedRulesUntil: integer('named_rules_until'),
})

/** One row: how far the wall clock is trusted with what cannot be undone (`clock.ts`). */
export const serverClock = sqliteTable('server_clock', {
  id: integer('id').primaryKey(),
  /** Up to which time the server has lived. */
  settledAt: integer('settled_at').notNull(),
  /** The latest time that a token may have been issued at. */
  latestAt: integer('latest_at').notNull(),
  /** How far the wall clock has been apart at every reading since then, in seconds. */
  gap: integer('gap').notNull().default(0),
  gapSince: integer('gap_since').notNull(),
  /** The gap that the log has told of, in seconds. */
  toldGap: integer('told_gap').notNull().default(0),
  /** What the wall clock said at the last reading. */
  tickedAt: integer('ticked_at').notNull(),
  /** Rules over tokens that expired until then may be gone: no such token is good again. */
  prunedUntil: integer('pruned_until').notNull().default(0),
})

/** Runs for which nothing is issued any more, for good: the rules over their tokens end. */
export const closedRuns = sqliteTable(
  'closed_runs',
  {
    /** A hash of workspace and identifier (`namedRunValue`). */
    value: text('value').primaryKey(),
    /** The value of its rule in the public list; null: closed before references, the same as `value`. */
    ruleValue: text('rule_value'),
    /** Null: of clients that belong to no workspace. */
    workspaceId: text('workspace_id').references(() => workspaces.id),
    identifier: text('identifier').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    index('closed_runs_age').on(t.createdAt, t.value),
    index('closed_runs_workspace').on(t.workspaceId, t.createdAt, t.value),
    index('closed_runs_rule').on(t.ruleValue),
    index('closed_runs_identifier').on(t.workspaceId, t.identifier),
  ],
)

/**
 * How many runs of a workspace were closed in an hour, which bounds their rules without counting them. Hour 0 holds
 * the total, which bounds the table of closed runs.
 */
export const closedRunCounts = sqliteTable(
  'closed_run_counts',
  {
    /** Empty: clients that belong to no workspace. */
    workspaceId: text('workspace_id').notNull(),
    /** Hours since the epoch. */
    hour: integer('hour').notNull(),
    count: integer('count').notNull(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.hour] })],
)

/** Who did what, or was refused. Only ever added to, in the order of `seq`; retention takes whole seals. */
export const auditEvents = sqliteTable(
  'audit_events',
  {
    /** Never used again, so that a gap is a row that somebody has taken. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    createdAt: createdAt(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    target: text('target'),
    /** Before anything is done there is a row that says so: a crash leaves it without its outcome. */
    outcome: text('outcome', { enum: ['intent', 'success', 'refused', 'failed'] }).notNull(),
    /** The stable code of what refused it. */
    reason: text('reason'),
    requestId: text('request_id'),
    address: text('address'),
    /** How many alike this row stands for: what anyone can cause is summed up. */
    count: integer('count').notNull().default(1),
  },
  // Each filter of a list has one: a read looks at a bounded number of rows (`sqlite/audit-reads.ts`).
  (t) => [
    index('audit_events_actor').on(t.actor),
    index('audit_events_target').on(t.target),
    index('audit_events_action').on(t.action),
    index('audit_events_outcome').on(t.outcome),
    index('audit_events_request')
      .on(t.requestId)
      .where(sql`request_id is not null`),
    index('audit_events_time').on(t.createdAt),
  ],
)

/**
 * What the events were, sealed with a key that is not in the database: each seal covers those after the one
 * before it, and names that one's MAC.
 */
export const auditSeals = sqliteTable('audit_seals', {
  lastSeq: integer('last_seq').primaryKey(),
  firstSeq: integer('first_seq').notNull().unique(),
  createdAt: createdAt(),
  /** JSON: `[seq, digest]` of each event, the text that the MAC is over; null once retention has taken the events. */
  digests: text('digests'),
  mac: text('mac').notNull(),
  /** That retention, and nobody else, took away all up to here. */
  cutMac: text('cut_mac'),
})

/**
 * Never holds a row. A change of several statements inserts into it what must hold at that point;
 * where it does not, the check fails and takes the whole change back, on every driver alike.
 */
export const assertions = sqliteTable(
  'assertions',
  {
    unchanged: integer('unchanged', { mode: 'boolean' }),
    administrable: integer('administrable', { mode: 'boolean' }),
    withinLimit: integer('within_limit', { mode: 'boolean' }),
  },
  () => [
    check('unchanged', sql`unchanged = 1`),
    check('administrable', sql`administrable = 1`),
    check('within_limit', sql`within_limit = 1`),
  ],
)

// Clients, what they are granted, their secrets, and the enrollments that become clients.
import type { AuthMethod, ClientStatus, Grant } from '../types/clients.ts'
import type { AuthorizationDetail } from '../types/resources.ts'
import { flag, integer, json, table, text } from './column.ts'
import { audiences, plugins, workspaces } from './registry.ts'
import { createdAt, etag, generation } from './shared.ts'

/** A confidential client. A deleted one stays as a tombstone, so that its id is not used again. */
export const clients = table('clients', {
  id: text('id').primaryKey(),
  name: text('name'),
  /** Null: an administrator outside every workspace. */
  workspaceId: text('workspace_id').nullable().references(workspaces.id),
  status: text<ClientStatus>('status').default('active'),
  authMethod: text<AuthMethod>('auth_method').default('client_secret_basic'),
  /** Lifetime of its tokens in seconds; null: the lifetime of the audience. */
  tokenTtl: integer('token_ttl').nullable(),
  /** Token requests a minute; null: no quota. */
  quotaPerMinute: integer('quota_per_minute').nullable(),
  /** SHA-256 (base64url) of the registration access token (RFC 7592), for a client that enrolled itself. */
  registrationHash: text('registration_hash').nullable(),
  softwareId: text('software_id').nullable(),
  /** Metadata that a client gave when it enrolled itself (RFC 7591 §2). The server returns it and does not use it. */
  redirectUris: json<string[]>('redirect_uris').default([]),
  /** Seconds without a login after which the server removes it; null: it stays. */
  unusedAfter: integer('unused_after').nullable(),
  /** True: the ledger records all its tokens. False: only tokens that name a run. */
  ledger: flag('ledger').default(false),
  /**
   * The client of the bound administrator who made it, directly or through another client. This client's token requests
   * count against that client's quota, too. Null: an unbound administrator made it, or gave it a quota of its own.
   */
  limitedBy: text('limited_by').nullable(),
  generation: generation(),
  etag: etag(),
  createdAt: createdAt(),
})

/** SHA-256 (base64url) of 256 random bits. A plain hash is enough, because the input cannot be guessed. */
export const clientSecrets = table('client_secrets', {
  id: text('id').primaryKey(),
  clientId: text('client_id').references(clients.id),
  name: text('name').nullable(),
  hash: text('hash'),
  /** The last four characters, so that a person can tell secrets apart. */
  hint: text('hint'),
  createdAt: createdAt(),
  expiresAt: integer('expires_at').nullable(),
  revokedAt: integer('revoked_at').nullable(),
  /** To the minute. The upkeep writes it; a login does not write. */
  lastUsedAt: integer('last_used_at').nullable(),
})

/** The plugins that a client may act for. */
export const clientPlugins = table('client_plugins', {
  clientId: text('client_id').references(clients.id),
  pluginId: text('plugin_id').references(plugins.id),
})

/** The most that a token can contain: audience and permission. */
export const clientGrants = table('client_grants', {
  clientId: text('client_id').references(clients.id),
  audienceId: text('audience_id'),
  permission: text('permission'),
})

/**
 * The authorization details that a client may ask for (RFC 9396), in the order of the grant. `type` and `identifier`
 * repeat members of the entry, so that a resource finds the details that point at it.
 */
export const clientDetails = table('client_details', {
  clientId: text('client_id').references(clients.id),
  position: integer('position'),
  type: text('type'),
  identifier: text('identifier'),
  entry: json<AuthorizationDetail>('entry'),
})

/** The audiences whose tokens a client may introspect besides its own. */
export const clientIntrospects = table('client_introspects', {
  clientId: text('client_id').references(clients.id),
  audienceId: text('audience_id').references(audiences.id),
})

/**
 * Single-use credentials that become a client. The row stays ENROLLMENT_RETENTION_SECONDS after its end, so that a
 * second use gets its own answer.
 */
export const enrollments = table('enrollments', {
  id: text('id').primaryKey(),
  name: text('name'),
  /** SHA-256 (base64url) of 256 random bits. */
  hash: text('hash').unique(),
  workspaceId: text('workspace_id').references(workspaces.id),
  plugins: json<string[]>('plugins'),
  grants: json<Grant[]>('grants'),
  details: json<AuthorizationDetail[]>('details'),
  /** `unused_after` of the client that it becomes, in seconds; null: the client stays. */
  unusedAfter: integer('unused_after').nullable(),
  createdAt: createdAt(),
  expiresAt: integer('expires_at'),
  usedAt: integer('used_at').nullable(),
  revokedAt: integer('revoked_at').nullable(),
  /** The client that it became. */
  clientId: text('client_id').nullable().references(clients.id),
  /** The client of the administrator who made it; null: a person with a shell on the server. */
  createdBy: text('created_by').nullable().references(clients.id),
  /** Generation of that client when it made the enrollment. A higher one now: it has lost something since. */
  createdByGeneration: integer('created_by_generation').nullable(),
})

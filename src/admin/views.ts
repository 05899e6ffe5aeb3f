// What administration shows: the keys of the API and of `--json`. Pure: no I/O.
import type {
  Audience,
  Client,
  ClientSecret,
  Plugin,
  SigningKey,
  Workspace,
} from '../store/store.ts'

/** RFC 3339 in UTC; null stays null. */
const time = (seconds: number | null): string | null =>
  seconds === null ? null : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

export const workspaceView = (row: Workspace) => ({
  id: row.id,
  name: row.name,
  status: row.status,
  generation: row.generation,
  created_at: time(row.createdAt),
})

export const audienceView = (row: Audience) => ({
  id: row.id,
  permissions: row.permissions,
  requires_plugin: row.requiresPlugin,
  token_ttl: row.tokenTtl,
  algorithm: row.algorithm,
  created_at: time(row.createdAt),
})

export const pluginView = (row: Plugin) => ({
  id: row.id,
  name: row.name,
  trust: row.trust,
  capabilities: row.capabilities,
  snapshot: row.snapshot,
  generation: row.generation,
  created_at: time(row.createdAt),
})

export const clientView = (row: Client) => ({
  client_id: row.id,
  name: row.name,
  workspace_id: row.workspaceId,
  status: row.status,
  plugins: row.plugins,
  grants: row.grants,
  introspects: row.introspects,
  auth_method: row.authMethod,
  token_ttl: row.tokenTtl,
  quota_per_minute: row.quotaPerMinute,
  generation: row.generation,
  created_at: time(row.createdAt),
})

export const secretView = (row: ClientSecret) => ({
  secret_id: row.id,
  client_id: row.clientId,
  name: row.name,
  hint: row.hint,
  created_at: time(row.createdAt),
  expires_at: time(row.expiresAt),
  last_used_at: time(row.lastUsedAt),
})

export const keyView = (row: SigningKey) => ({
  kid: row.kid,
  algorithm: row.algorithm,
  state: row.state,
  created_at: time(row.createdAt),
  activated_at: time(row.activatedAt),
  revoked_at: time(row.revokedAt),
})

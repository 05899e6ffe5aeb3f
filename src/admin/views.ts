// What administration shows: the keys of the API and of `--json`. Pure: no I/O.
import { z } from 'zod'
import { DAY_SECONDS } from '../constants.ts'
import { ALGORITHM_NAMES } from '../signing/algorithms.ts'
import type {
  Audience,
  Client,
  ClientSecret,
  Enrollment,
  Plugin,
  Resource,
  Workspace,
} from '../store/store.ts'

/** RFC 3339 in UTC. */
export const time = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

export const timeOrNull = (seconds: number | null): string | null =>
  seconds === null ? null : time(seconds)

export const timestamp = z.string().meta({ format: 'date-time', description: 'RFC 3339, in UTC.' })
const generation = z.int().meta({ description: 'Tokens of an older one are revoked.' })
const etag = z.string().meta({ description: 'For `If-Match`, in double quotes.' })
const seconds = z.int().nullable().meta({ description: 'Seconds; null: the default.' })

export const workspaceShown = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    status: z.enum(['active', 'suspended']),
    generation,
    created_at: timestamp,
    etag,
  })
  .meta({ id: 'Workspace', description: 'A tenant.' })

export const workspaceView = (row: Workspace): z.infer<typeof workspaceShown> => ({
  id: row.id,
  name: row.name,
  status: row.status,
  generation: row.generation,
  created_at: time(row.createdAt),
  etag: row.etag,
})

export const audienceShown = z
  .strictObject({
    id: z.string(),
    permissions: z.array(z.strictObject({ name: z.string(), implies: z.array(z.string()) })),
    requires_plugin: z.boolean(),
    token_ttl: seconds,
    algorithm: z.enum(ALGORITHM_NAMES),
    created_at: timestamp,
    etag,
  })
  .meta({ id: 'Audience', description: 'A resource server that tokens are meant for.' })

export const audienceView = (row: Audience): z.infer<typeof audienceShown> => ({
  id: row.id,
  permissions: row.permissions,
  requires_plugin: row.requiresPlugin,
  token_ttl: row.tokenTtl,
  algorithm: row.algorithm,
  created_at: time(row.createdAt),
  etag: row.etag,
})

export const pluginShown = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    trust: z.enum(['bundled', 'trusted', 'restricted']),
    capabilities: z.array(z.string()),
    snapshot: z.string().nullable(),
    generation,
    created_at: timestamp,
    etag,
  })
  .meta({ id: 'Plugin', description: 'Software that a client acts for.' })

export const pluginView = (row: Plugin): z.infer<typeof pluginShown> => ({
  id: row.id,
  name: row.name,
  trust: row.trust,
  capabilities: row.capabilities,
  snapshot: row.snapshot,
  generation: row.generation,
  created_at: time(row.createdAt),
  etag: row.etag,
})

const grantsShown = z.array(
  z.strictObject({ audience: z.string(), permissions: z.array(z.string()) }),
)
const unusedAfterDays = z
  .int()
  .nullable()
  .meta({ description: 'Removed after so many days without a login; null: it stays.' })

const inDays = (seconds: number | null): number | null => seconds && seconds / DAY_SECONDS

const ledger = z
  .boolean()
  .meta({ description: 'Whether all its tokens are in the ledger, not only those of a run.' })

const detailValue = z.union([z.string(), z.number(), z.boolean()])
const detailsShown = z
  .array(
    z
      .object({ type: z.string() })
      .catchall(z.union([detailValue, z.array(detailValue).readonly()]))
      .readonly(),
  )
  .meta({ description: 'RFC 9396.' })

export const clientDetailsShown = z
  .strictObject({ authorization_details: detailsShown, etag })
  .meta({ id: 'ClientDetails' })

export const resourceShown = z
  .strictObject({
    type: z.string(),
    id: z.string(),
    workspace_id: z.string(),
    parts: z.array(z.string()),
    created_at: timestamp,
    etag,
  })
  .meta({ id: 'Resource', description: 'What authorization details point at.' })

export const resourceView = (row: Resource): z.infer<typeof resourceShown> => ({
  type: row.type,
  id: row.id,
  workspace_id: row.workspaceId,
  parts: row.parts,
  created_at: time(row.createdAt),
  etag: row.etag,
})

export const resourceDeleted = z
  .strictObject({ type: z.string(), id: z.string(), status: z.literal('deleted') })
  .meta({ id: 'DeletedResource' })

export const clientShown = z
  .strictObject({
    client_id: z.string(),
    name: z.string(),
    workspace_id: z.string().nullable().meta({ description: 'Null: an unbound administrator.' }),
    status: z.enum(['active', 'disabled', 'deleted']),
    plugins: z.array(z.string()),
    grants: grantsShown,
    introspects: z.array(z.string()),
    authorization_details: detailsShown,
    auth_method: z.enum(['client_secret_basic', 'client_secret_post']),
    token_ttl: seconds,
    quota_per_minute: z.int().nullable(),
    ledger,
    software_id: z.string().nullable(),
    unused_after_days: unusedAfterDays,
    generation,
    created_at: timestamp,
    etag,
  })
  .meta({ id: 'Client', description: 'A confidential OAuth client.' })

export const clientView = (row: Client): z.infer<typeof clientShown> => ({
  client_id: row.id,
  name: row.name,
  workspace_id: row.workspaceId,
  status: row.status,
  plugins: row.plugins,
  grants: row.grants,
  introspects: row.introspects,
  authorization_details: row.details,
  auth_method: row.authMethod,
  token_ttl: row.tokenTtl,
  quota_per_minute: row.quotaPerMinute,
  ledger: row.ledger,
  software_id: row.softwareId,
  unused_after_days: inDays(row.unusedAfter),
  generation: row.generation,
  created_at: time(row.createdAt),
  etag: row.etag,
})

/** A client with its first secret, which is shown this once. */
export const clientCreated = z
  .strictObject({
    ...clientShown.shape,
    secret_id: z.string(),
    client_secret: z.string().meta({ description: 'Shown this once.' }),
  })
  .meta({ id: 'CreatedClient' })

export const clientDeleted = z
  .strictObject({ client_id: z.string(), status: z.literal('deleted') })
  .meta({ id: 'DeletedClient' })

export const secretShown = z
  .strictObject({
    secret_id: z.string(),
    client_id: z.string(),
    name: z.string().nullable(),
    hint: z.string().meta({ description: 'The last four characters.' }),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    last_used_at: timestamp.nullable().meta({ description: 'To the minute.' }),
    etag,
  })
  .meta({ id: 'Secret', description: 'A live secret of a client.' })

/** A secret changes only when its end does. */
const secretEtag = (row: ClientSecret): string => `${row.id.slice(-8)}-${row.expiresAt ?? 'never'}`

export const secretView = (row: ClientSecret): z.infer<typeof secretShown> => ({
  secret_id: row.id,
  client_id: row.clientId,
  name: row.name,
  hint: row.hint,
  created_at: time(row.createdAt),
  expires_at: timeOrNull(row.expiresAt),
  last_used_at: timeOrNull(row.lastUsedAt),
  etag: secretEtag(row),
})

export const secretAdded = z
  .strictObject({
    ...secretShown.shape,
    client_secret: z.string().meta({ description: 'Shown this once.' }),
  })
  .meta({ id: 'AddedSecret' })

export const secretRevoked = z
  .strictObject({ secret_id: z.string(), client_id: z.string(), revoked: z.literal(true) })
  .meta({ id: 'RevokedSecret' })

/** A token that nobody has used, that still could be. */
const enrollmentStatus = (
  row: Enrollment,
  now: number,
): 'open' | 'used' | 'revoked' | 'expired' => {
  if (row.usedAt !== null) return 'used'
  if (row.revokedAt !== null) return 'revoked'
  return row.expiresAt > now ? 'open' : 'expired'
}

export const enrollmentShown = z
  .strictObject({
    enrollment_id: z.string(),
    name: z.string(),
    status: z.enum(['open', 'used', 'revoked', 'expired']),
    workspace_id: z.string(),
    plugins: z.array(z.string()),
    grants: grantsShown,
    authorization_details: detailsShown,
    unused_after_days: unusedAfterDays,
    created_at: timestamp,
    expires_at: timestamp,
    used_at: timestamp.nullable(),
    revoked_at: timestamp.nullable(),
    client_id: z.string().nullable().meta({ description: 'What it has become.' }),
    created_by: z
      .string()
      .nullable()
      .meta({ description: 'The client that made it, and ends it; null: made on the server.' }),
    etag,
  })
  .meta({ id: 'Enrollment', description: 'A single-use credential that becomes a client.' })

export const enrollmentView = (row: Enrollment, now: number): z.infer<typeof enrollmentShown> => ({
  enrollment_id: row.id,
  name: row.name,
  status: enrollmentStatus(row, now),
  workspace_id: row.workspaceId,
  plugins: row.plugins,
  grants: row.grants,
  authorization_details: row.details,
  unused_after_days: inDays(row.unusedAfter),
  created_at: time(row.createdAt),
  expires_at: time(row.expiresAt),
  used_at: timeOrNull(row.usedAt),
  revoked_at: timeOrNull(row.revokedAt),
  client_id: row.clientId,
  created_by: row.createdBy,
  etag: `${row.id.slice(-8)}-${row.usedAt ?? row.revokedAt ?? 'open'}`,
})

export const enrollmentCreated = z
  .strictObject({
    ...enrollmentShown.shape,
    enrollment_token: z.string().meta({ description: 'Shown this once.' }),
  })
  .meta({ id: 'CreatedEnrollment' })

// A client as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import type { Client } from '../../store/store.ts'
import {
  detailsSchema,
  etag,
  generation,
  grantsSchema,
  inDays,
  seconds,
  time,
  timestamp,
  unusedAfterDays,
} from './common.ts'

const ledger = z
  .boolean()
  .meta({ description: 'True: all its tokens are in the ledger, not only those of a run.' })

export const clientDetailsSchema = z
  .strictObject({ authorization_details: detailsSchema, etag })
  .meta({ id: 'ClientDetails' })

export const clientSchema = z
  .strictObject({
    client_id: z.string(),
    name: z.string(),
    workspace_id: z
      .string()
      .nullable()
      .meta({ description: 'Workspace of the client; null: an unbound administrator.' }),
    status: z.enum(['active', 'disabled', 'deleted']),
    plugins: z.array(z.string()),
    grants: grantsSchema,
    introspects: z.array(z.string()),
    authorization_details: detailsSchema,
    auth_method: z.enum(['client_secret_basic', 'client_secret_post']),
    token_ttl: seconds,
    quota_per_minute: z.int().nullable(),
    ledger,
    software_id: z.string().nullable(),
    unused_after_days: unusedAfterDays,
    generation,
    created_at: timestamp,
    last_used_at: timestamp.nullable().optional().meta({
      description:
        'Latest login with any of its secrets, accurate to a minute; null: none. Only in lists.',
    }),
    etag,
  })
  .meta({ id: 'Client', description: 'A confidential OAuth client.' })

export const clientView = (row: Client): z.infer<typeof clientSchema> => ({
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

/** A new client with its first secret, which no later answer contains. */
export const createdClientSchema = z
  .strictObject({
    ...clientSchema.shape,
    secret_id: z.string(),
    client_secret: z.string().meta({ description: 'No later answer contains it.' }),
  })
  .meta({ id: 'CreatedClient' })

export const deletedClientSchema = z
  .strictObject({ client_id: z.string(), status: z.literal('deleted') })
  .meta({ id: 'DeletedClient' })

// A secret of a client as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import type { ClientSecret } from '../../store/store.ts'
import { etag, time, timeOrNull, timestamp } from './common.ts'

export const secretSchema = z
  .strictObject({
    secret_id: z.string(),
    client_id: z.string(),
    name: z.string().nullable(),
    hint: z.string().meta({ description: 'The last four characters.' }),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    last_used_at: timestamp.nullable().meta({ description: 'Accurate to a minute.' }),
    etag,
  })
  .meta({ id: 'Secret', description: 'A live secret of a client.' })

/** Etag of a secret: its expiry is its only member that changes. */
const secretEtag = (row: ClientSecret): string => `${row.id.slice(-8)}-${row.expiresAt ?? 'never'}`

export const secretView = (row: ClientSecret): z.infer<typeof secretSchema> => ({
  secret_id: row.id,
  client_id: row.clientId,
  name: row.name,
  hint: row.hint,
  created_at: time(row.createdAt),
  expires_at: timeOrNull(row.expiresAt),
  last_used_at: timeOrNull(row.lastUsedAt),
  etag: secretEtag(row),
})

export const addedSecretSchema = z
  .strictObject({
    ...secretSchema.shape,
    client_secret: z.string().meta({ description: 'No later answer contains it.' }),
  })
  .meta({ id: 'AddedSecret' })

export const revokedSecretSchema = z
  .strictObject({ secret_id: z.string(), client_id: z.string(), revoked: z.literal(true) })
  .meta({ id: 'RevokedSecret' })

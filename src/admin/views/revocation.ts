// A rule of the revocation list as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import type { Revocation } from '../../store/store.ts'
import { time, timeOrNull, timestamp } from './common.ts'

export const revocationSchema = z
  .strictObject({
    seq: z.int(),
    kind: z.enum(['jti', 'run', 'client', 'plugin', 'workspace', 'key']),
    value: z.string().meta({
      description:
        'Of a workspace the SHA-256 (base64url) of the `workspace_ref` in its tokens; of a run that of this reference, a line feed and the identifier.',
    }),
    gen: z.int().nullable().meta({ description: 'Tokens of an older generation are revoked.' }),
    client_id: z.string().nullable().meta({ description: 'Whose token a `jti` rule takes back.' }),
    created_at: timestamp,
    expires_at: timestamp.nullable().meta({ description: 'Null: for good.' }),
  })
  .meta({ id: 'Revocation', description: 'A rule over claims.' })

export const revocationView = (row: Revocation): z.infer<typeof revocationSchema> => ({
  seq: row.seq,
  kind: row.kind,
  value: row.value,
  gen: row.gen,
  client_id: row.clientId,
  created_at: time(row.createdAt),
  expires_at: timeOrNull(row.expiresAt),
})

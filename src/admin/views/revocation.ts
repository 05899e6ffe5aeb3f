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
        'For a workspace, the SHA-256 (base64url) of the `workspace_ref` in its tokens; for a run, the SHA-256 of this reference, a line feed and the identifier.',
    }),
    gen: z.int().nullable().meta({ description: 'Tokens of an older generation are revoked.' }),
    client_id: z
      .string()
      .nullable()
      .meta({ description: 'Of a `jti` rule: the client of the revoked token.' }),
    created_at: timestamp,
    expires_at: timestamp.nullable().meta({ description: 'Null: the rule does not expire.' }),
  })
  .meta({
    id: 'Revocation',
    description: 'A rule of the revocation list: it revokes the tokens that match.',
  })

export const revocationView = (row: Revocation): z.infer<typeof revocationSchema> => ({
  seq: row.seq,
  kind: row.kind,
  value: row.value,
  gen: row.gen,
  client_id: row.clientId,
  created_at: time(row.createdAt),
  expires_at: timeOrNull(row.expiresAt),
})

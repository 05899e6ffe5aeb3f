// A token of the ledger as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import type { LedgerRow } from '../../store/ledger.ts'
import { time, timestamp } from './common.ts'

export const tokenSchema = z
  .strictObject({
    jti: z.string(),
    client_id: z.string(),
    workspace_id: z
      .string()
      .nullable()
      .meta({ description: 'Null: a token of an unbound administrator.' }),
    audience: z.string(),
    runs: z.array(z.string()).meta({ description: 'Identifiers of its runs.' }),
    issued_at: timestamp,
    expires_at: timestamp,
  })
  .meta({ id: 'Token', description: 'An unexpired token, revoked or not.' })

export const tokenView = (row: LedgerRow): z.infer<typeof tokenSchema> => ({
  jti: row.jti,
  client_id: row.clientId,
  workspace_id: row.workspaceId,
  audience: row.audience,
  runs: [...row.runs],
  issued_at: time(row.issuedAt),
  expires_at: time(row.expiresAt),
})

export const revokedTokenSchema = z
  .strictObject({
    jti: z.string(),
    client_id: z.string().nullable().meta({ description: 'Null: unknown.' }),
    known: z.boolean().meta({
      description:
        'False: this server knows no unexpired token with the `jti`. The rule revokes it all the same, for as long as the longest token lasts.',
    }),
    revoked: z.literal(true),
  })
  .meta({ id: 'RevokedToken' })

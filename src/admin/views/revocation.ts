// A rule of the revocation list as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import type { Revocation } from '../../store/store.ts'
import { time, timeOrNull, timestamp } from './common.ts'

export const ruleKind = z.enum(['jti', 'run', 'client', 'plugin', 'workspace', 'key'])
export const createdBy = z.string().nullable().meta({
  description:
    'Actor of the change that wrote the rule, as in its audit event. Null: unknown, an earlier version wrote the rule.',
})
export const action = z.string().nullable().meta({ description: 'Action of that audit event.' })
export const requestId = z
  .string()
  .nullable()
  .meta({ description: '`request_id` of that audit event.' })

export const revocationSchema = z
  .strictObject({
    seq: z.int(),
    kind: ruleKind,
    value: z.string().meta({
      description:
        'For a workspace, the SHA-256 (base64url) of the `workspace_ref` in its tokens; for a run, the SHA-256 of this reference, a line feed and the identifier.',
    }),
    gen: z.int().nullable().meta({ description: 'Tokens of an older generation are revoked.' }),
    client_id: z.string().nullable().meta({
      description:
        'Of a `jti` rule: the client of the revoked token. Null: the rule has another kind, or the client is unknown.',
    }),
    name: z.string().nullable().meta({
      description:
        'Name of the client, the plugin or the workspace; of a `jti` rule, of its client. Null: the kind has none, or it is unknown.',
    }),
    run: z
      .string()
      .nullable()
      .meta({ description: 'Of a `run` rule: the identifier of the run. Null: unknown.' }),
    workspace_id: z.string().nullable().meta({
      description:
        'The workspace, or that of the run or the client. Null: none, or unknown for a rule over a workspace.',
    }),
    created_at: timestamp,
    created_by: createdBy,
    action,
    request_id: requestId,
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
  name: row.name,
  run: row.run,
  workspace_id: row.workspaceId,
  created_at: time(row.createdAt),
  created_by: row.createdBy,
  action: row.action,
  request_id: row.requestId,
  expires_at: timeOrNull(row.expiresAt),
})

// What administration shows of tokens, what takes them back and what signs them. Pure: no I/O.
import { z } from 'zod'
import type { LedgerRow } from '../store/ledger.ts'
import { ALGORITHM_NAMES } from '../signing/algorithms.ts'
import { goneAt, promotableAt } from '../signing/keyring.ts'
import type { ClosedRun, Revocation, SigningKey } from '../store/store.ts'
import { time, timeOrNull, timestamp } from './views.ts'

export const keyShown = z
  .strictObject({
    kid: z.string(),
    algorithm: z.enum(ALGORITHM_NAMES),
    state: z.enum(['next', 'active', 'retiring', 'revoked']),
    created_at: timestamp.meta({ description: 'Since when it is published.' }),
    promotable_at: timestamp.nullable().meta({
      description: 'Of a next key: from when on every follower has it, so that it may sign.',
    }),
    activated_at: timestamp.nullable(),
    retired_at: timestamp.nullable().meta({ description: 'Since when it signs no more.' }),
    gone_at: timestamp
      .nullable()
      .meta({ description: 'Of a retiring key: when whatever it has signed has expired.' }),
    revoked_at: timestamp.nullable(),
  })
  .meta({ id: 'Key', description: 'A signing key; its private half never leaves the server.' })

export const keyView = (row: SigningKey): z.infer<typeof keyShown> => ({
  kid: row.kid,
  algorithm: row.algorithm,
  state: row.state,
  created_at: time(row.createdAt),
  promotable_at: timeOrNull(promotableAt(row)),
  activated_at: timeOrNull(row.activatedAt),
  retired_at: timeOrNull(row.retiredAt),
  gone_at: timeOrNull(goneAt(row)),
  revoked_at: timeOrNull(row.revokedAt),
})

export const keysRotated = z
  .strictObject({
    rotated: z.array(
      z.strictObject({
        algorithm: z.enum(ALGORITHM_NAMES),
        kid: z.string().meta({ description: 'The key that signs from now on.' }),
        published_at: timestamp,
        former_kid: z.string(),
      }),
    ),
    warnings: z
      .array(z.string())
      .meta({ description: 'One for each key that followers may not have yet.' }),
  })
  .meta({ id: 'KeyRotation', description: 'The next key of each algorithm signs now.' })

export const revocationShown = z
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

export const revocationView = (row: Revocation): z.infer<typeof revocationShown> => ({
  seq: row.seq,
  kind: row.kind,
  value: row.value,
  gen: row.gen,
  client_id: row.clientId,
  created_at: time(row.createdAt),
  expires_at: timeOrNull(row.expiresAt),
})

export const closedRunShown = z
  .strictObject({
    identifier: z.string(),
    workspace_id: z.string().nullable().meta({ description: 'Null: of unbound administrators.' }),
    closed_at: timestamp,
  })
  .meta({ id: 'ClosedRun', description: 'A run that gets no more tokens.' })

export const closedRunView = (row: ClosedRun): z.infer<typeof closedRunShown> => ({
  identifier: row.identifier,
  workspace_id: row.workspaceId,
  closed_at: time(row.createdAt),
})

export const runRevoked = z
  .strictObject({
    identifier: z.string(),
    workspace_id: z.string(),
    matched: z
      .int()
      .nullable()
      .meta({ description: 'Its tokens that had not expired; null where no ledger is kept.' }),
  })
  .meta({ id: 'RevokedRun' })

export const tokenShown = z
  .strictObject({
    jti: z.string(),
    client_id: z.string(),
    workspace_id: z.string().nullable().meta({ description: 'Null: of an unbound administrator.' }),
    audience: z.string(),
    runs: z.array(z.string()).meta({ description: 'Identifiers of the runs that it names.' }),
    issued_at: timestamp,
    expires_at: timestamp,
  })
  .meta({ id: 'Token', description: 'A token that has not expired, revoked or not.' })

export const tokenView = (row: LedgerRow): z.infer<typeof tokenShown> => ({
  jti: row.jti,
  client_id: row.clientId,
  workspace_id: row.workspaceId,
  audience: row.audience,
  runs: [...row.runs],
  issued_at: time(row.issuedAt),
  expires_at: time(row.expiresAt),
})

export const tokenRevoked = z
  .strictObject({ jti: z.string(), client_id: z.string(), revoked: z.literal(true) })
  .meta({ id: 'RevokedToken' })

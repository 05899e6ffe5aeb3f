// A signing key as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import { ALGORITHM_NAMES } from '../../signing/algorithms.ts'
import { goneAt, promotableAt } from '../../signing/keyring.ts'
import type { SigningKey } from '../../store/store.ts'
import { time, timeOrNull, timestamp } from './common.ts'

export const keySchema = z
  .strictObject({
    kid: z.string(),
    algorithm: z.enum(ALGORITHM_NAMES),
    state: z.enum(['next', 'active', 'retiring', 'revoked']),
    created_at: timestamp.meta({ description: 'Time of its publication in the JWKS.' }),
    promotable_at: timestamp.nullable().meta({
      description: 'Of a next key: the time from which every follower has it and it may sign.',
    }),
    activated_at: timestamp.nullable(),
    retired_at: timestamp.nullable().meta({ description: 'Time from which it signs no more.' }),
    gone_at: timestamp
      .nullable()
      .meta({ description: 'Of a retiring key: the time at which all its tokens have expired.' }),
    revoked_at: timestamp.nullable(),
  })
  .meta({ id: 'Key', description: 'A signing key; its private half never leaves the server.' })

export const keyView = (row: SigningKey): z.infer<typeof keySchema> => ({
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

export const keyRotationSchema = z
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
      .meta({ description: 'One for each new signer that followers may not have yet.' }),
  })
  .meta({ id: 'KeyRotation', description: 'Next keys that sign now.' })

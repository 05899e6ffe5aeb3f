// An enrollment as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import type { Enrollment } from '../../store/store.ts'
import {
  detailsSchema,
  etag,
  grantsSchema,
  inDays,
  time,
  timeOrNull,
  timestamp,
  unusedAfterDays,
} from './common.ts'

/** Status of an enrollment: an unused token that can still be used is `open`. */
const enrollmentStatus = (
  row: Enrollment,
  now: number,
): 'open' | 'used' | 'revoked' | 'expired' => {
  if (row.usedAt !== null) return 'used'
  if (row.revokedAt !== null) return 'revoked'
  return row.expiresAt > now ? 'open' : 'expired'
}

export const enrollmentSchema = z
  .strictObject({
    enrollment_id: z.string(),
    name: z.string(),
    status: z.enum(['open', 'used', 'revoked', 'expired']),
    workspace_id: z.string(),
    plugins: z.array(z.string()),
    grants: grantsSchema,
    authorization_details: detailsSchema,
    unused_after_days: unusedAfterDays,
    created_at: timestamp,
    expires_at: timestamp,
    used_at: timestamp.nullable(),
    revoked_at: timestamp.nullable(),
    client_id: z.string().nullable().meta({ description: 'The client that it has become.' }),
    created_by: z.string().nullable().meta({
      description:
        'The administrator that created it, whose end is its end, too; null: the command line.',
    }),
    etag,
  })
  .meta({ id: 'Enrollment', description: 'A single-use credential that becomes a client.' })

export const enrollmentView = (row: Enrollment, now: number): z.infer<typeof enrollmentSchema> => ({
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

export const createdEnrollmentSchema = z
  .strictObject({
    ...enrollmentSchema.shape,
    enrollment_token: z.string().meta({ description: 'No later answer contains it.' }),
  })
  .meta({ id: 'CreatedEnrollment' })

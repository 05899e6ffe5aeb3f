// The status of a server as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import { ALGORITHM_NAMES } from '../../signing/algorithms.ts'
import { timestamp } from './common.ts'

const file = z.strictObject({ path: z.string(), bytes: z.int() })

export const statusSchema = z
  .strictObject({
    version: z.string(),
    server: z
      .strictObject({
        state: z.enum(['running', 'not_ready', 'not_running']),
        address: z.string(),
        version: z.string().nullable(),
        uptime_seconds: z
          .int()
          .nullable()
          .meta({ description: 'Of the process that answers; null: it is not known.' }),
        followers: z.int().nullable().meta({
          description:
            'Requests for the revocation list that wait for a new rule: those of the process that answers. Each follower that polls has one most of the time. Null: the number is not known.',
        }),
      })
      .nullable()
      .meta({ description: 'Null where no server is known.' }),
    database: z
      .strictObject({ schema: z.string().nullable(), file: file.nullable() })
      .meta({ description: '`file` has the write-ahead log in it; null on Workers.' }),
    keys: z.array(
      z.strictObject({
        algorithm: z.enum(ALGORITHM_NAMES),
        active_kid: z.string().nullable(),
        next_kid: z.string().nullable(),
        next_change_at: timestamp
          .nullable()
          .meta({ description: 'Time at which the next key signs; null: not on schedule.' }),
      }),
    ),
    revocation: z.strictObject({
      epoch: z.string(),
      head: z.int().meta({ description: 'Number of the newest rule.' }),
      rules: z.int().meta({ description: 'Number of the stored rules.' }),
    }),
    audit: z.strictObject({
      events: z.int(),
      unsealed: z.int().meta({ description: 'Events after the newest seal.' }),
      sealed_at: timestamp.nullable(),
      newest_seal: z.enum(['intact', 'changed']).nullable().meta({
        description:
          'State of the newest seal and of its link to the seal before it, or of what retention has left of them. `/audit/verify` checks all.',
      }),
    }),
    ledger: z
      .strictObject({
        tokens: z.int().nullable().meta({ description: 'Unexpired tokens in it.' }),
        file: file.nullable(),
      })
      .nullable()
      .meta({ description: 'Null where no ledger is kept.' }),
    disk_free_bytes: z.int().nullable(),
  })
  .meta({ id: 'Status', description: 'The state of a server and of its database.' })

export type Status = z.output<typeof statusSchema>

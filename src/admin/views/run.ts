// A closed run as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import type { ClosedRun } from '../../store/store.ts'
import { time, timestamp } from './common.ts'

export const closedRunSchema = z
  .strictObject({
    identifier: z.string(),
    workspace_id: z
      .string()
      .nullable()
      .meta({ description: 'Null: a run of unbound administrators.' }),
    closed_at: timestamp,
  })
  .meta({ id: 'ClosedRun', description: 'A closed run: no tokens are issued for it.' })

export const closedRunView = (row: ClosedRun): z.infer<typeof closedRunSchema> => ({
  identifier: row.identifier,
  workspace_id: row.workspaceId,
  closed_at: time(row.createdAt),
})

export const revokedRunSchema = z
  .strictObject({
    identifier: z.string(),
    workspace_id: z.string(),
    matched: z
      .int()
      .nullable()
      .meta({ description: 'Number of its unexpired tokens; null on a server without a ledger.' }),
  })
  .meta({ id: 'RevokedRun' })

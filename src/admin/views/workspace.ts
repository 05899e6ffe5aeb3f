// A workspace as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import type { Workspace } from '../../store/store.ts'
import { etag, generation, time, timestamp } from './common.ts'

export const workspaceSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    status: z.enum(['active', 'suspended']),
    generation,
    created_at: timestamp,
    etag,
  })
  .meta({ id: 'Workspace', description: 'A tenant.' })

export const workspaceView = (row: Workspace): z.infer<typeof workspaceSchema> => ({
  id: row.id,
  name: row.name,
  status: row.status,
  generation: row.generation,
  created_at: time(row.createdAt),
  etag: row.etag,
})

// A resource as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import type { Resource } from '../../store/store.ts'
import { etag, time, timestamp } from './common.ts'

export const resourceSchema = z
  .strictObject({
    type: z.string(),
    id: z.string(),
    workspace_id: z.string(),
    parts: z.array(z.string()),
    created_at: timestamp,
    etag,
  })
  .meta({ id: 'Resource', description: 'A resource that authorization details name.' })

export const resourceView = (row: Resource): z.infer<typeof resourceSchema> => ({
  type: row.type,
  id: row.id,
  workspace_id: row.workspaceId,
  parts: row.parts,
  created_at: time(row.createdAt),
  etag: row.etag,
})

export const deletedResourceSchema = z
  .strictObject({ type: z.string(), id: z.string(), status: z.literal('deleted') })
  .meta({ id: 'DeletedResource' })

// A plugin as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import type { Plugin } from '../../store/store.ts'
import { etag, generation, time, timestamp } from './common.ts'

export const pluginSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    trust: z.enum(['bundled', 'trusted', 'restricted']),
    capabilities: z.array(z.string()),
    snapshot: z.string().nullable(),
    status: z.enum(['active', 'disabled', 'deleted']),
    generation,
    created_at: timestamp,
    etag,
  })
  .meta({ id: 'Plugin', description: 'Software that a client acts for.' })

export const deletedPluginSchema = z
  .strictObject({ id: z.string(), status: z.literal('deleted') })
  .meta({ id: 'DeletedPlugin' })

export const pluginView = (row: Plugin): z.infer<typeof pluginSchema> => ({
  id: row.id,
  name: row.name,
  trust: row.trust,
  capabilities: row.capabilities,
  snapshot: row.snapshot,
  status: row.status,
  generation: row.generation,
  created_at: time(row.createdAt),
  etag: row.etag,
})

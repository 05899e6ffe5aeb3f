// An audience as the admin API and `--json` show it. Pure: no I/O.
import { z } from 'zod'
import { ALGORITHM_NAMES } from '../../signing/algorithms.ts'
import type { Audience } from '../../store/store.ts'
import { etag, seconds, time, timestamp } from './common.ts'

export const audienceSchema = z
  .strictObject({
    id: z.string(),
    permissions: z.array(z.strictObject({ name: z.string(), implies: z.array(z.string()) })),
    requires_plugin: z.boolean(),
    token_ttl: seconds,
    algorithm: z.enum(ALGORITHM_NAMES),
    created_at: timestamp,
    etag,
  })
  .meta({ id: 'Audience', description: 'A resource server that tokens are issued for.' })

export const audienceView = (row: Audience): z.infer<typeof audienceSchema> => ({
  id: row.id,
  permissions: row.permissions,
  requires_plugin: row.requiresPlugin,
  token_ttl: row.tokenTtl,
  algorithm: row.algorithm,
  created_at: time(row.createdAt),
  etag: row.etag,
})

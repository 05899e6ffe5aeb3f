// A dry run as the admin API shows it. Pure: no I/O.
import { z } from 'zod'

export const effectsSchema = z
  .strictObject({
    clients: z.union([z.int(), z.literal('all')]),
    secrets: z.int(),
    enrollments: z.int(),
    keys: z.int(),
    live_tokens: z.int().nullable(),
  })
  .meta({ id: 'Effects', description: 'Rows and tokens that a change would end.' })

export const dryRunSchema = z
  .strictObject({
    answer: z.record(z.string(), z.unknown()),
    effects: effectsSchema.nullable(),
  })
  .meta({ id: 'DryRun', description: 'Outcome of a change that was undone.' })

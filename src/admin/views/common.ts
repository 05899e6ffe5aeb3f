// Members that the views of several nouns share. Pure: no I/O.
import { z } from 'zod'
import { DAY_SECONDS } from '../../constants.ts'
import { time } from '../../text/times.ts'

export { time }

export const timeOrNull = (seconds: number | null): string | null =>
  seconds === null ? null : time(seconds)

/** Each use has a meaning of its own, in `reference/meanings.ts` or in place. */
export const timestamp = z.string().meta({ format: 'date-time' })
export const generation = z
  .int()
  .meta({ description: 'Tokens of an older generation are revoked.' })
export const etag = z.string().meta({ description: 'For `If-Match`, in double quotes.' })
export const seconds = z
  .int()
  .nullable()
  .meta({ description: 'Lifetime of its tokens in seconds; null: the default.' })

export const grantsSchema = z.array(
  z.strictObject({ audience: z.string(), permissions: z.array(z.string()) }),
)
export const unusedAfterDays = z
  .int()
  .nullable()
  .meta({ description: 'Days without a login after which it is deleted; null: it is kept.' })

export const inDays = (seconds: number | null): number | null => seconds && seconds / DAY_SECONDS

const detailValue = z.union([z.string(), z.number(), z.boolean()])
export const detailsSchema = z.array(
  z
    .object({ type: z.string() })
    .catchall(z.union([detailValue, z.array(detailValue).readonly()]))
    .readonly(),
)

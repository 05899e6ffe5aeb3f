// Columns that several tables have.
import { type Declaration, integer, text } from './column.ts'

/** Random at every change. An update from an older read finds another one, and changes nothing. */
export const etag = (): Declaration<string, false> => text('etag')

/** Every token carries it; a higher one revokes every older token. */
export const generation = (): Declaration<number, true> => integer('generation').default(1)

export const createdAt = (): Declaration<number, false> => integer('created_at')

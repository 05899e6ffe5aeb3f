// Parts of a list.

/** A place in a list: behind the row with this time and this id. */
export type Position = { createdAt: number; id: string }

/** A part of a list, oldest first: without `after` from the beginning, without `limit` to the end. */
export type Part<P = Position> = { after?: P | undefined; limit?: number | undefined }

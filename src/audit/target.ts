// Names the subject of an audit row where an id alone is ambiguous. Pure: no I/O.
import { CHOSEN_ID, TARGET_SEPARATOR } from '../constants.ts'
import type { Resource, Run } from '../store/store.ts'

/** A request may send any value as an id. */
const isId = (sent: unknown): boolean => typeof sent === 'string' && CHOSEN_ID.test(sent)

/** Null where one of them cannot be an id: that is not said, and no row of it is taken for another's. */
const pairTarget = (first: string, second: string): string | null =>
  (first === '' || isId(first)) && isId(second) ? `${first}${TARGET_SEPARATOR}${second}` : null

/** The target of a run: its workspace and its identifier. `#run-1` belongs to clients without a workspace. */
export const runTarget = ({ workspaceId, identifier }: Run): string | null =>
  pairTarget(workspaceId ?? '', identifier)

/** The target of a resource: its type and its id. */
export const resourceTarget = ({ type, id }: Pick<Resource, 'type' | 'id'>): string | null =>
  type === '' ? null : pairTarget(type, id)

/** What may be said of what was asked for: nothing of what cannot be an id. */
export const nameable = (id: unknown): string | null =>
  typeof id === 'string' && isNameable(id) ? id : null

/** False for what cannot be an id, a secret and a token among it: people paste those into the wrong field. */
export const isNameable = (id: string): boolean =>
  /^[\x21-\x7e]{1,255}$/.test(id) && !/lk[ser]_|ey[\w-]{8,}\.ey[\w-]{8,}\./.test(id)

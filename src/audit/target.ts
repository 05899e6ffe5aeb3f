// Targets of audit rows, for rows whose id alone is ambiguous, and for ids as a client has sent them. Pure: no I/O.
import { CHOSEN_ID, TARGET_SEPARATOR } from '../constants.ts'
import type { Resource, Run } from '../store/store.ts'

/** Checks an id as the client sent it, of any JSON type. */
const isId = (sent: unknown): boolean => typeof sent === 'string' && CHOSEN_ID.test(sent)

/** Joins two ids; null if one of them cannot be an id, so that no row is mistaken for another's. */
const pairTarget = (first: string, second: string): string | null =>
  (first === '' || isId(first)) && isId(second) ? `${first}${TARGET_SEPARATOR}${second}` : null

/** Target of a run: its workspace and its identifier. `#run-1` belongs to clients without a workspace. */
export const runTarget = ({ workspaceId, identifier }: Run): string | null =>
  pairTarget(workspaceId ?? '', identifier)

/** Target of a resource: its type and its id. */
export const resourceTarget = ({ type, id }: Pick<Resource, 'type' | 'id'>): string | null =>
  type === '' ? null : pairTarget(type, id)

/** Returns a sent id if it may be recorded; null for a value that cannot be an id. */
export const nameable = (id: unknown): string | null =>
  typeof id === 'string' && isNameable(id) ? id : null

/** False for a text that cannot be an id, and for a secret or a token: administrators paste them into wrong fields. */
export const isNameable = (id: string): boolean =>
  /^[\x21-\x7e]{1,255}$/.test(id) && !/lk[ser]_|ey[\w-]{8,}\.ey[\w-]{8,}\./.test(id)

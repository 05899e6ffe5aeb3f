// What an audit row is about, where an id alone does not say it. Pure: no I/O.
import { CHOSEN_ID } from '../constants.ts'
import type { Resource, Run } from '../store/store.ts'

/** Between two ids: no id has it, so that two different pairs never have the same text. */
export const TARGET_SEPARATOR = '#'

/** What is sent for an id may be anything. */
const isId = (sent: unknown): boolean => typeof sent === 'string' && CHOSEN_ID.test(sent)

/** Null where one of them cannot be an id: that is not said, and no row of it is taken for another's. */
const pairTarget = (first: string, second: string): string | null =>
  (first === '' || isId(first)) && isId(second) ? `${first}${TARGET_SEPARATOR}${second}` : null

/** Of a run, which is one among those of its workspace. `#run-1` belongs to clients without a workspace. */
export const runTarget = ({ workspaceId, identifier }: Run): string | null =>
  pairTarget(workspaceId ?? '', identifier)

/** Of a resource, whose id is one among those of its type. */
export const resourceTarget = ({ type, id }: Pick<Resource, 'type' | 'id'>): string | null =>
  type === '' ? null : pairTarget(type, id)

// A change that a server rehearses: the operation with the caller's authority, and its outcome. Pure: no I/O.
import type { AuditContext, AuditEvent } from '../audit/record.ts'
import type { Authority } from './authority.ts'
import type { Effects } from './effects.ts'

/** A change to rehearse. Threads can send it to each other. */
export type Order = {
  /** Action of an endpoint, such as `client.disable`. */
  action: string
  /** Parameters of the path, and the body. */
  input: object
  as: AuditContext
  authority: Authority
  /** Etag that the row must have; null for any. */
  ifMatch: string | null
  /**
   * Time of the rehearsal, in milliseconds since the epoch. Its clock stands still, so that no row expires between the two
   * states that are compared.
   */
  at: number
}

export type Effected = {
  /** Answer of the operation, without credentials. */
  answer: unknown
  effects: Effects
}

/** A refusal, with the audit row that the operation itself would have written; null: it would have written none. */
export type Declined = {
  refused: Error
  event: Pick<AuditEvent, 'action' | 'target'> | null
}

/**
 * Runs the operation on a database whose changes are undone at the end.
 * @param signal ends the rehearsal
 * @throws OperationRefused `dry_runs_exceeded`; Unavailable; AnswerEnded if the signal aborts
 */
export type Rehearse = (order: Order, signal?: AbortSignal) => Promise<Effected | Declined>

/** Members with credentials. Those of a rehearsal do not exist, and a token of it would be accepted. */
const CREDENTIALS = [
  'client_secret',
  'access_token',
  'enrollment_token',
  'registration_access_token',
]

/** Replaces credentials, which a rehearsal has made, by a word. */
export const withoutCredentials = <T>(result: T): T => {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return result
  const members = Object.entries(result).map(([name, value]) =>
    CREDENTIALS.includes(name) ? [name, 'dry-run'] : [name, value],
  )
  return Object.fromEntries(members) as T
}

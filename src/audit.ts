// One audit event for each operation that changes something, on every path that it can take.
import { Conflict, OAuthError, OperationRefused, Unavailable } from './errors.ts'
import type { Log } from './log.ts'

export type AuditContext = {
  /** Who does it: `client:ID`, `cli:USER`. */
  actor: string
  requestId?: string | undefined
  address?: string | undefined
}

export type AuditEvent = AuditContext & {
  /** What is done: `client.disable`, `token.revoke`. */
  action: string
  /** What it is done to: an id, never a secret or a token. */
  target: string | null
  outcome: 'success' | 'refused' | 'failed'
  /** The stable code of the refusal. */
  reason?: string
}

export type Audit = (event: AuditEvent) => void

/** Until audit events have a table of their own they are lines of the log. */
export const auditToLog =
  (log: Log): Audit =>
  (event) =>
    log.info({ audit: event }, 'audit')

/**
 * Runs an operation and writes its one event, whichever way it ends.
 * The operation may name the target once it is known.
 */
export const audited = async <T>(
  audit: Audit,
  event: Omit<AuditEvent, 'outcome' | 'reason'>,
  operation: (named: (target: string) => void) => Promise<T>,
): Promise<T> => {
  let target = event.target
  try {
    const result = await operation((name) => {
      target = name
    })
    audit({ ...event, target, outcome: 'success' })
    return result
  } catch (error) {
    audit({ ...event, target, ...outcomeOf(error) })
    throw error
  }
}

const outcomeOf = (error: unknown): Pick<AuditEvent, 'outcome' | 'reason'> => {
  if (
    error instanceof OperationRefused ||
    error instanceof OAuthError ||
    error instanceof Conflict
  ) {
    return { outcome: 'refused', reason: error.code }
  }
  const reason = error instanceof Unavailable ? error.code : 'server_error'
  return { outcome: 'failed', reason }
}

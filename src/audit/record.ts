// Audit rows: one before each operation that changes something, one after it with the outcome, on every path.
import { MAX_COUNTED_KINDS } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import { Conflict, OAuthError, OperationRefused, Unavailable } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Cause, Store } from '../store/store.ts'

export type AuditContext = {
  /** Performer of the action: `client:ID`, `cli:USER`, `enrollment:ID`, `server`, `unknown`. */
  actor: string
  requestId?: string | undefined
  address?: string | undefined
}

export type AuditEvent = AuditContext & {
  /** Noun and verb: `client.disable`, `token.revoke`. */
  action: string
  /** Id of the row that the action changes. Contains no secret and no token. */
  target: string | null
  outcome: 'intent' | 'success' | 'refused' | 'failed'
  /** The stable code of the refusal. */
  reason?: string
}

export type Audit = {
  /** Writes one row; it is on the disk when the promise settles. @throws Unavailable */
  write(event: AuditEvent): Promise<void>
  /** Counts an event that a request without a credential can cause any number of times; `flush` writes the sums. */
  count(event: AuditEvent): void
  /** Writes one row for each kind of counted events. @throws Unavailable; the counts are kept then */
  flush(): Promise<void>
}

type Counted = { event: AuditEvent; count: number }

/** Writes events as rows of the store. */
export const createAudit = (deps: {
  store: Pick<Store, 'addAuditEvents'>
  clock: () => number
}): Audit => {
  let counted = new Map<string, Counted>()

  /** Adds to the sum of a kind. An attacker can vary addresses and request ids at will, so they define no kind. */
  const add = ({ event, count }: Counted): void => {
    const room = counted.size < MAX_COUNTED_KINDS || counted.has(keyOf(event))
    const kind = room ? event : { ...event, target: null }
    const key = keyOf(kind)
    const before = counted.get(key)
    if (before === undefined) counted.set(key, { event: kind, count })
    else counted.set(key, { event: merged(before.event, event), count: before.count + count })
  }

  return {
    write: (event) => deps.store.addAuditEvents([{ ...event, count: 1 }], nowSeconds(deps)),

    count: (event) => add({ event, count: 1 }),

    async flush() {
      if (counted.size === 0) return
      const due = [...counted.values()]
      counted = new Map()
      try {
        const rows = due.map(({ event, count }) => ({ ...event, count }))
        await deps.store.addAuditEvents(rows, nowSeconds(deps))
      } catch (error) {
        due.forEach(add)
        throw error
      }
    },
  }
}

const keyOf = ({ actor, action, target, reason }: AuditEvent): string =>
  JSON.stringify([actor, action, target, reason])

/** Merges two events of a kind: keeps an address that both have, and no request id. */
const merged = (before: AuditEvent, event: AuditEvent): AuditEvent => ({
  ...before,
  requestId: undefined,
  address: before.address === event.address ? event.address : undefined,
})

/**
 * Runs an operation between its two rows: the intent, then the outcome. If the first row cannot be written, the
 * operation does not start. If the second one cannot be written, the operation is kept and the log has its outcome. An
 * operation that creates its target sets it for the second row. Revocation rules that it writes record the event as their
 * cause.
 */
export const audited = async <T>(
  { audit, log }: { audit: Pick<Audit, 'write'>; log: Log },
  event: Omit<AuditEvent, 'outcome' | 'reason'>,
  operation: (setTarget: (target: string) => void, cause: Cause) => Promise<T>,
): Promise<T> => {
  let target = event.target
  const conclude = (outcome: Pick<AuditEvent, 'outcome' | 'reason'>): Promise<void> => {
    const concluded = { ...event, target, ...outcome }
    return audit.write(concluded).catch(() => {
      log.error({ audit: concluded }, 'the outcome could not be written to the audit table')
    })
  }
  const { actor, action, requestId } = event
  await audit.write({ ...event, outcome: 'intent' })
  try {
    const setTarget = (name: string): void => {
      target = name
    }
    const result = await operation(setTarget, { actor, action, requestId })
    await conclude({ outcome: 'success' })
    return result
  } catch (error) {
    await conclude(outcomeOf(error))
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

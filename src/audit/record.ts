// Who did what, or was refused: one row before each operation that changes something, one after it, on every
// path that it can take.
import { MAX_COUNTED_KINDS } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import { Conflict, OAuthError, OperationRefused, Unavailable } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'

export type AuditContext = {
  /** Who does it: `client:ID`, `cli:USER`, `server`, `unknown`. */
  actor: string
  requestId?: string | undefined
  address?: string | undefined
}

export type AuditEvent = AuditContext & {
  /** What is done: `client.disable`, `token.revoke`. */
  action: string
  /** What it is done to: an id, never a secret or a token. */
  target: string | null
  outcome: 'intent' | 'success' | 'refused' | 'failed'
  /** The stable code of the refusal. */
  reason?: string
}

export type Audit = {
  /** One row, on the disk before it settles. @throws Unavailable */
  write(event: AuditEvent): Promise<void>
  /** For what anyone can cause without a credential: counted here, and summed up by `flush`. */
  count(event: AuditEvent): void
  /** Writes one row for each kind of what has been counted. @throws Unavailable, and then keeps the counts */
  flush(): Promise<void>
}

type Counted = { event: AuditEvent; count: number }

/** Events as rows of the store. */
export const createAudit = (deps: {
  store: Pick<Store, 'addAuditEvents'>
  clock: () => number
}): Audit => {
  let counted = new Map<string, Counted>()

  /** Addresses and request ids are as many as an attacker likes, so they do not make a kind. */
  const add = ({ event, count }: Counted): void => {
    const room = counted.size < MAX_COUNTED_KINDS || counted.has(keyOf(event))
    const kind = room ? event : { ...event, target: null }
    const key = keyOf(kind)
    const known = counted.get(key)
    if (known === undefined) counted.set(key, { event: kind, count })
    else counted.set(key, { event: merged(known.event, event), count: known.count + count })
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

/** Of several events the address is said where it is the same, the request id never. */
const merged = (before: AuditEvent, event: AuditEvent): AuditEvent => ({
  ...before,
  requestId: undefined,
  address: before.address === event.address ? event.address : undefined,
})

/**
 * Runs an operation between its two rows: what is intended, then how it ended. Without the first it is not
 * begun; where the second cannot be written the operation stands, and the log says how it ended.
 * The operation may name the target once it is known.
 */
export const audited = async <T>(
  { audit, log }: { audit: Pick<Audit, 'write'>; log: Log },
  event: Omit<AuditEvent, 'outcome' | 'reason'>,
  operation: (named: (target: string) => void) => Promise<T>,
): Promise<T> => {
  let target = event.target
  const conclude = (outcome: Pick<AuditEvent, 'outcome' | 'reason'>): Promise<void> => {
    const concluded = { ...event, target, ...outcome }
    return audit.write(concluded).catch(() => {
      log.error({ audit: concluded }, 'the outcome could not be written to the audit table')
    })
  }
  await audit.write({ ...event, outcome: 'intent' })
  try {
    const result = await operation((name) => {
      target = name
    })
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

// Dry run of a change over HTTP. Only a caller that may perform the change may rehearse it.
import { ADMIN_READ } from '../constants.ts'
import { Conflict, OperationRefused, RefusedForNow } from '../errors.ts'
import type { AuditEvent } from '../audit/record.ts'
import type { AdminCall } from './operation.ts'
import { authorizedRead } from './reauthorization.ts'
import type { Effected, Order } from './rehearsal.ts'

type Refused = Pick<AuditEvent, 'action' | 'target'>

/**
 * Rehearses an operation. A success leaves no trace; a refusal has the audit row of the operation itself, because it may
 * tell the caller something.
 * @param change returns the action and its input. @throws OperationRefused for a change that does not exist
 */
export const dryRun = async (
  call: AdminCall,
  change: () => Pick<Order, 'action' | 'input' | 'ifMatch'>,
) => {
  const { deps, as, authority, rehearse = null } = call
  let event: Refused = { action: 'change.rehearse', target: null }
  try {
    const { action, input, ifMatch } = change()
    if (rehearse === null) {
      const detail = 'this server cannot undo a change: send it without a dry run'
      throw new OperationRefused('no_dry_run', detail)
    }
    await deps.ledger?.flush() // The rehearsal reads the ledger's file.
    const order = { action, input, as, authority, ifMatch, at: deps.clock() }
    const outcome = await authorizedRead(call, () => rehearse(order, call.signal))
    if (!('refused' in outcome)) return answerOf(call, outcome)
    event = outcome.event ?? { action, target: null }
    throw outcome.refused
  } catch (error) {
    await auditRefusal(call, event, error)
    throw error
  }
}

const mayRead = ({ administration }: AdminCall['authority']): boolean =>
  administration === null || administration.includes(ADMIN_READ)

/** Effects are counts of rows, which a token without the permission to read may not see. */
const answerOf = ({ authority }: Pick<AdminCall, 'authority'>, { answer, effects }: Effected) => ({
  answer: answer as Record<string, unknown>,
  effects: mayRead(authority) ? effects : null,
})

const auditRefusal = async (
  { deps, as }: Pick<AdminCall, 'deps' | 'as'>,
  event: Refused,
  error: unknown,
): Promise<void> => {
  const isRefusal = error instanceof OperationRefused || error instanceof Conflict
  if (!isRefusal) return
  const refused = { ...as, ...event, outcome: 'refused', reason: error.code } as const
  if (error instanceof RefusedForNow) deps.audit.count(refused)
  else await deps.audit.write(refused)
}

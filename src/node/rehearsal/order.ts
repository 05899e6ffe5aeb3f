// Performs an order: the operation of its action, rehearsed with the authority of its caller.
import { type Action, endpointOf } from '../../admin/api/actions.ts'
import type { AdminCall } from '../../admin/operation.ts'
import {
  type Declined,
  type Effected,
  type Order,
  withoutCredentials,
} from '../../admin/rehearsal.ts'
import { Conflict, OperationRefused } from '../../errors.ts'
import type { NewAuditEvent } from '../../store/store.ts'
import { type Stage, rehearsed } from './rehearsed.ts'

export type OrderStage = Pick<Stage, 'config' | 'log' | 'onLock'>

/** @throws Unavailable; every other error that is no refusal */
export const performOrder = async (
  { action, input, as, authority, ifMatch, at }: Order,
  stage: OrderStage,
): Promise<Effected | Declined> => {
  const { handle } = await endpointOf(action as Action)
  const call: Omit<AdminCall, 'deps'> = {
    as,
    authority,
    reauthorize: async () => authority, // A change does not ask.
    ifMatch:
      ifMatch === null ? null : { sent: ifMatch, matches: (etag: string) => etag === ifMatch },
  }
  let last: NewAuditEvent | null = null
  const onAudit = (event: NewAuditEvent): void => {
    last = event
  }
  const clock = () => at
  try {
    const { result, effects } = await rehearsed((full) => handle(full, input as never), {
      ...stage,
      clock,
      call,
      onAudit,
    })
    return { answer: withoutCredentials(result), effects }
  } catch (error) {
    if (!(error instanceof OperationRefused || error instanceof Conflict)) throw error
    return { refused: error, event: rowOf(last) }
  }
}

/** The row of the refusal, which is the last one. */
const rowOf = (event: NewAuditEvent | null): Declined['event'] =>
  event === null ? null : { action: event.action, target: event.target }

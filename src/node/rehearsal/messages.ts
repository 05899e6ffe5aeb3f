// Messages between the server and the thread of a rehearsal. An error loses its class on the way, so it is sent by its
// parts. No I/O.
import type { Declined, Effected, Order } from '../../admin/rehearsal.ts'
import { AlreadyExists, Conflict, OperationRefused, Unavailable } from '../../errors.ts'
import type { RehearsalConfig } from './rehearsed.ts'

/** Input of the thread. */
export type Task = { config: RehearsalConfig; order: Order }

type SentError =
  | Pick<OperationRefused, 'code' | 'message' | 'errors'>
  | Pick<AlreadyExists, 'existing'>
  | { conflict: string }
  | { driverCode: string }
  | { name: string; stack: string | undefined }

export type Message =
  /** The thread holds the write lock, or no longer. */
  | { isHeld: boolean }
  /** A line for the log. */
  | { fields: Record<string, unknown>; warning: string }
  | { effected: Effected }
  | { declined: SentError; event: Declined['event'] }
  | { failed: SentError }

export const sentError = (error: unknown): SentError => {
  if (error instanceof AlreadyExists) return { existing: error.existing }
  if (error instanceof OperationRefused) {
    const { code, message, errors } = error
    return { code, message, errors }
  }
  if (error instanceof Conflict) return { conflict: error.message }
  if (error instanceof Unavailable) return { driverCode: error.driverCode }
  const { name, stack } = error instanceof Error ? error : new Error('no error')
  return { name, stack }
}

export const receivedError = (sent: SentError): Error => {
  if ('existing' in sent) return new AlreadyExists(sent.existing)
  if ('code' in sent) return new OperationRefused(sent.code, sent.message, sent.errors)
  if ('conflict' in sent) return new Conflict(sent.conflict)
  if ('driverCode' in sent) return new Unavailable(sent.driverCode)
  return Object.assign(new Error('the rehearsal failed'), { name: sent.name, stack: sent.stack })
}

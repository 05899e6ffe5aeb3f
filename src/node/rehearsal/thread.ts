// Thread of one rehearsal: it opens the database itself, so that the server answers requests meanwhile. thread-client.ts
// starts and ends it.
import { parentPort, workerData } from 'node:worker_threads'
import { type Message, type Task, sentError } from './messages.ts'
import { performOrder } from './order.ts'

const post = (message: Message): void => parentPort?.postMessage(message)

const warn = (fields: Record<string, unknown>, warning: string) => post({ fields, warning })
const log = { debug() {}, info() {}, warn, error: warn }
const { config, order } = workerData as Task

try {
  const outcome = await performOrder(order, {
    config,
    log,
    onLock: (isHeld) => post({ isHeld }),
  })
  if ('refused' in outcome) post({ declined: sentError(outcome.refused), event: outcome.event })
  else post({ effected: outcome })
} catch (error) {
  post({ failed: sentError(error) })
}

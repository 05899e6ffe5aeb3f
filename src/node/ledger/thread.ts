// Runs in a thread of its own (thread-client.ts starts it): writes the ledger while others are answered.
import { parentPort, workerData } from 'node:worker_threads'
import { Unavailable } from '../../errors.ts'
import type { Call, Said } from './thread-client.ts'
import { createLedgerWriter } from './writer.ts'

const say = (said: Said): void => parentPort?.postMessage(said)

const log = {
  debug() {},
  info() {},
  warn: (fields: Record<string, unknown>, message: string) => say({ fields, message }),
  error: (fields: Record<string, unknown>, message: string) => say({ fields, message }),
}
const { path } = workerData as { path: string }
const writer = createLedgerWriter({ path, clock: () => Date.now(), log })

parentPort?.on('message', ({ id, verb, args }: Call) => {
  const operation = writer[verb] as (...given: unknown[]) => Promise<unknown>
  operation(...args).then(
    (result) => say({ id, result }),
    (error: unknown) => {
      say({ id, code: error instanceof Unavailable ? error.driverCode : 'LEDGER_UNUSABLE' })
    },
  )
})

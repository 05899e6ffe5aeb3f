// Thread that writes the ledger while the main thread answers requests. thread-client.ts starts it.
import { parentPort, workerData } from 'node:worker_threads'
import { Unavailable } from '../../errors.ts'
import type { Call, Reply } from './thread-client.ts'
import { createLedgerWriter } from './writer.ts'

const post = (reply: Reply): void => parentPort?.postMessage(reply)

const log = {
  debug() {},
  info() {},
  warn: (fields: Record<string, unknown>, message: string) => post({ fields, message }),
  error: (fields: Record<string, unknown>, message: string) => post({ fields, message }),
}
const { path } = workerData as { path: string }
const writer = createLedgerWriter({ path, clock: () => Date.now(), log })

parentPort?.on('message', ({ id, verb, args }: Call) => {
  const operation = writer[verb] as (...given: unknown[]) => Promise<unknown>
  operation(...args).then(
    (result) => post({ id, result }),
    (error: unknown) => {
      post({ id, code: error instanceof Unavailable ? error.driverCode : 'LEDGER_UNUSABLE' })
    },
  )
})

// Runs one rehearsal in a thread of its own. The end of the thread closes its connections, and SQLite rolls back.
import { Worker } from 'node:worker_threads'
import type { Declined, Effected, Order } from '../../admin/rehearsal.ts'
import { DRY_RUN_TIMEOUT_MS, MAX_DRY_RUN_LOCK_MS } from '../../constants.ts'
import { AnswerEnded, Unavailable } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { requireThreadScript, threadScript } from '../thread-script.ts'
import { type Message, type Task, receivedError } from './messages.ts'
import type { RehearsalConfig } from './rehearsed.ts'

const SCRIPT = threadScript(import.meta.url)

/** @throws StartRefused if a built server lacks the thread's file */
export const requireRehearsalThread = (): void => requireThreadScript(SCRIPT)

type Options = {
  config: RehearsalConfig
  log: Log
  /** A test replaces these. */
  script?: URL
  limits?: { totalMs: number; lockMs: number }
}

/** Runs an order. @param onHeld called with each time for which the write lock was held, in milliseconds */
export type Run = (
  order: Order,
  options: { signal?: AbortSignal | undefined; onHeld: (ms: number) => void },
) => Promise<Effected | Declined>

const LIMITS = { totalMs: DRY_RUN_TIMEOUT_MS, lockMs: MAX_DRY_RUN_LOCK_MS }

export const createThreadRun =
  ({ config, log, script = SCRIPT, limits = LIMITS }: Options): Run =>
  async (order, { signal, onHeld }) => {
    const closed = () => new AnswerEnded('the client has closed the connection')
    if (signal?.aborted === true) throw closed()
    const task: Task = { config, order }
    const thread = new Worker(script, { workerData: task })
    let heldSince: number | null = null
    let lockTimer: NodeJS.Timeout | undefined
    let totalTimer: NodeJS.Timeout | undefined
    let abort = (): void => {}

    const noteFree = (): void => {
      clearTimeout(lockTimer)
      if (heldSince !== null) onHeld(performance.now() - heldSince)
      heldSince = null
    }

    const outcome = new Promise<Effected | Declined>((resolve, reject) => {
      const end = (reason: string) => () => reject(new Unavailable(reason))
      const receive = (message: Message): void => {
        if ('warning' in message) log.warn(message.fields, message.warning)
        else if ('effected' in message) resolve(message.effected)
        else if ('declined' in message) {
          resolve({ refused: receivedError(message.declined), event: message.event })
        } else if ('failed' in message) reject(receivedError(message.failed))
        else if (!message.isHeld) noteFree()
        else {
          heldSince = performance.now()
          lockTimer = setTimeout(end('DRY_RUN_LOCK'), limits.lockMs)
        }
      }
      totalTimer = setTimeout(end('DRY_RUN_TIMEOUT'), limits.totalMs)
      abort = () => reject(closed())
      signal?.addEventListener('abort', abort)
      thread.on('message', receive).on('error', reject).on('exit', end('DRY_RUN_THREAD'))
    })
    try {
      return await outcome
    } finally {
      clearTimeout(totalTimer)
      signal?.removeEventListener('abort', abort)
      await thread.terminate()
      noteFree()
    }
  }

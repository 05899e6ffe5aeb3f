// Writer of the ledger in a thread of its own, so that requests do not wait for the disk.
import { Worker } from 'node:worker_threads'
import { Unavailable } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { requireThreadScript, threadScript } from '../thread-script.ts'
import type { LedgerWriter } from './writer.ts'

export type Call = { id: number; verb: keyof LedgerWriter; args: unknown[] }
/** Result of a call, or a line for the log. */
export type Reply =
  | { id: number; result: unknown }
  | { id: number; code: string }
  | { fields: Record<string, unknown>; message: string }

type Waiting = { resolve: (result: never) => void; reject: (error: Unavailable) => void }

const SCRIPT = threadScript(import.meta.url)

/** @throws StartRefused if a built server lacks the thread's file: it would lose every entry of the ledger */
export const requireLedgerThread = (): void => requireThreadScript(SCRIPT)

/** Starts the thread with the first call, and again after a thread has ended. */
export const createLedgerThread = ({ path, log }: { path: string; log: Log }): LedgerWriter => {
  const calls = new Map<number, Waiting>()
  let thread: Worker | null = null
  let lastId = 0

  const receive = (reply: Reply): void => {
    if (!('id' in reply)) return log.warn(reply.fields, reply.message)
    const call = calls.get(reply.id)
    calls.delete(reply.id)
    if (calls.size === 0) thread?.unref()
    if ('code' in reply) call?.reject(new Unavailable(reply.code))
    else call?.resolve(reply.result as never)
  }

  const start = (): Worker => {
    const started = new Worker(SCRIPT, { workerData: { path } })
    const end = (): void => {
      if (thread !== started) return
      thread = null
      for (const { reject } of calls.values()) reject(new Unavailable('LEDGER_THREAD'))
      calls.clear()
    }
    return started.on('message', receive).on('error', end).on('exit', end)
  }

  const call = <T>(verb: keyof LedgerWriter, ...args: unknown[]): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      thread ??= start()
      const id = ++lastId
      calls.set(id, { resolve, reject })
      thread.ref() // the thread keeps the process alive only while a call waits
      thread.postMessage({ id, verb, args } satisfies Call)
    })

  return {
    add: (entries) => call('add', entries),
    count: (filter, now) => call('count', filter, now),
    list: (filter, now, part) => call('list', filter, now, part),
    prune: (now) => call('prune', now),
    async close() {
      if (thread === null) return
      await call('close').catch(() => {})
      await thread.terminate()
    },
  }
}

// The ledger on Node: what is noted waits a moment in memory and is written in batches. Whatever fails here costs
// entries, never a token.
import { LEDGER_BATCH_ENTRIES, LEDGER_COMPLAINT_MS, LEDGER_FLUSH_MS } from '../../constants.ts'
import { LEDGER_RETRY_MS, MAX_LEDGER_ENTRIES } from '../../constants.ts'
import type { Deps } from '../../deps.ts'
import { reasonOf } from '../../errors.ts'
import type { Ledger, LedgerEntry } from '../../store/ledger.ts'
import type { LedgerWriter } from './writer.ts'

export const createLedger = ({
  writer,
  log,
}: Pick<Deps, 'log'> & { writer: LedgerWriter }): Ledger => {
  let waiting: LedgerEntry[] = []
  let dropped = 0
  let complainedAt = -Infinity
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<unknown> | null = null
  let closed = false

  const complain = (error: unknown): void => {
    if (performance.now() - complainedAt < LEDGER_COMPLAINT_MS) return
    complainedAt = performance.now()
    log.error({ reason: reasonOf(error), dropped }, 'the ledger cannot be written')
    dropped = 0
  }

  /** The oldest go first: of all that are out they have the least time left. */
  const keep = (entries: LedgerEntry[]): void => {
    waiting = entries.slice(-MAX_LEDGER_ENTRIES)
    dropped += entries.length - waiting.length
  }

  /** @throws Unavailable, and then keeps what it could not write */
  const writeBatch = async (): Promise<void> => {
    const batch = waiting.slice(0, LEDGER_BATCH_ENTRIES)
    waiting = waiting.slice(batch.length)
    try {
      await writer.add(batch)
    } catch (error) {
      keep([...batch, ...waiting])
      throw error
    }
  }

  /** One batch at a time, so that they are numbered in their order. @throws Unavailable */
  const writeAll = async (): Promise<void> => {
    while (writing !== null) await writing
    const run = async (): Promise<void> => {
      while (waiting.length > 0) await writeBatch()
    }
    const running = run()
    writing = running.then(ended, ended)
    await running
  }

  const ended = (): void => {
    writing = null
  }

  const flush = (): Promise<void> =>
    writeAll().catch((error: unknown) => {
      complain(error)
      schedule(LEDGER_RETRY_MS)
    })

  const schedule = (milliseconds: number): void => {
    if (closed || timer !== null) return
    timer = setTimeout(() => {
      timer = null
      void flush()
    }, milliseconds).unref()
  }

  return {
    note(entry) {
      if (closed) return
      if (waiting.length >= MAX_LEDGER_ENTRIES) {
        waiting.shift()
        dropped++
      }
      waiting.push(entry)
      schedule(LEDGER_FLUSH_MS)
    },

    // A number that leaves out what could not be written would be a wrong one: it fails instead.
    async count(filter, now) {
      await writeAll()
      return await writer.count(filter, now)
    },

    async list(filter, now, part = {}) {
      await writeAll()
      return await writer.list(filter, now, part)
    },

    flush,
    prune: (now) => writer.prune(now),

    async close() {
      closed = true
      if (timer !== null) clearTimeout(timer)
      await flush()
      await writer.close()
    },
  }
}

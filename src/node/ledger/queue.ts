// Queue of the ledger on Node: entries wait a moment in memory and are written in batches. A failure costs entries,
// and refuses no token.
import { LEDGER_COMPLAINT_MS, LEDGER_FLUSH_MS, LEDGER_RETRY_MS } from '../../constants.ts'
import type { Deps } from '../../deps.ts'
import { reasonOf } from '../../errors.ts'
import type { Ledger } from '../../store/ledger.ts'
import { type PendingEntries, createPendingEntries } from './pending-entries.ts'
import type { LedgerWriter } from './writer.ts'

export const createLedger = ({
  writer,
  log,
}: Pick<Deps, 'log'> & { writer: LedgerWriter }): Ledger => {
  const pending = createPendingEntries()
  const writePending = createBatchWriter(pending, writer)
  const complain = createComplaint(pending, log)
  let timer: NodeJS.Timeout | null = null
  let closed = false

  const flush = (): Promise<void> =>
    writePending().catch((error: unknown) => {
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
      pending.add(entry)
      schedule(LEDGER_FLUSH_MS)
    },

    // Fails when entries cannot be written: a number without them would be wrong.
    async count(filter, now) {
      await writePending()
      return await writer.count(filter, now)
    },

    async list(filter, now, part = {}) {
      await writePending()
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

/**
 * Writes all pending entries, one batch at a time, so that they are numbered in their order. It throws Unavailable, and
 * then keeps the entries that it could not write.
 */
const createBatchWriter = (pending: PendingEntries, writer: Pick<LedgerWriter, 'add'>) => {
  let writing: Promise<unknown> | null = null

  const end = (): void => {
    writing = null
  }

  const writeBatches = async (): Promise<void> => {
    while (!pending.isEmpty()) {
      const batch = pending.takeBatch()
      try {
        await writer.add(batch)
      } catch (error) {
        pending.putBack(batch)
        throw error
      }
    }
  }

  return async (): Promise<void> => {
    while (writing !== null) await writing
    const running = writeBatches()
    writing = running.then(end, end)
    await running
  }
}

/** Logs failures, one line in LEDGER_COMPLAINT_MS. */
const createComplaint = (pending: PendingEntries, log: Deps['log']) => {
  let loggedAt = -Infinity
  return (error: unknown): void => {
    if (performance.now() - loggedAt < LEDGER_COMPLAINT_MS) return
    loggedAt = performance.now()
    const dropped = pending.takeDropped()
    log.error({ reason: reasonOf(error), dropped }, 'the ledger cannot be written')
  }
}

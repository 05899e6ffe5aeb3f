// Entries of the ledger that wait in memory, in their order and up to a limit. No I/O.
import { LEDGER_BATCH_ENTRIES, MAX_LEDGER_ENTRIES } from '../../constants.ts'
import type { LedgerEntry } from '../../store/ledger.ts'

export type PendingEntries = {
  isEmpty(): boolean
  /** Adds an entry. At the limit the oldest one is dropped: of all tokens it has the least time left. */
  add(entry: LedgerEntry): void
  /** Removes and returns the oldest entries. */
  takeBatch(): LedgerEntry[]
  /** Puts entries back that could not be written. Beyond the limit the oldest ones are dropped. */
  putBack(batch: readonly LedgerEntry[]): void
  /** Returns the number of entries dropped since the last call. */
  takeDropped(): number
}

export const createPendingEntries = (): PendingEntries => {
  let entries: LedgerEntry[] = []
  let dropped = 0
  return {
    isEmpty: () => entries.length === 0,
    add(entry) {
      if (entries.length >= MAX_LEDGER_ENTRIES) {
        entries.shift()
        dropped += 1
      }
      entries.push(entry)
    },
    takeBatch() {
      const batch = entries.slice(0, LEDGER_BATCH_ENTRIES)
      entries = entries.slice(batch.length)
      return batch
    },
    putBack(batch) {
      const all = [...batch, ...entries]
      entries = all.slice(-MAX_LEDGER_ENTRIES)
      dropped += all.length - entries.length
    },
    takeDropped() {
      const count = dropped
      dropped = 0
      return count
    },
  }
}

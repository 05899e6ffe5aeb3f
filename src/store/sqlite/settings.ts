// Settings of a file that the store and the ledger share. The thread of the ledger loads them without
// the store, which would cost 0.1 s of a core at each start.
import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'
import type BetterSqlite3 from 'better-sqlite3'
import { BUSY_RETRY_MS, BUSY_TIMEOUT_MS } from '../../constants.ts'

/**
 * Keeps temporary tables and journals in memory where the temporary folder is not writable, as in a container whose
 * root is read-only. A large sort or update would fail with SQLITE_IOERR_GETTEMPPATH.
 */
export const spareTemporaryFiles = (client: BetterSqlite3.Database, folder = tmpdir()): void => {
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    client.pragma('temp_store = MEMORY')
  }
}

/**
 * Switches to the write-ahead log. Where two processes do that to a new file at once, SQLite answers one of them with
 * SQLITE_BUSY immediately, in spite of the timeout. This function waits and tries again.
 */
export const writeAhead = (client: BetterSqlite3.Database): void => {
  patiently(() => client.pragma('journal_mode = WAL'))
}

/** Repeats a step while SQLite answers that the file is busy, for at most BUSY_TIMEOUT_MS. */
export const patiently = <T>(step: () => T): T => {
  const deadline = performance.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      return step()
    } catch (error) {
      const code = String((error as { code?: unknown }).code)
      if (!code.startsWith('SQLITE_BUSY') || performance.now() > deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_RETRY_MS)
    }
  }
}

// better-sqlite3: one file, every commit on the disk before it is answered.
import { accessSync, closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { BUSY_RETRY_MS, BUSY_TIMEOUT_MS } from '../constants.ts'
import { StartRefused } from '../errors.ts'
import { loadMigrations, migrate } from './migrate.ts'
import * as schema from './schema.sqlite.ts'
import { createSqliteStore } from './sqlite.ts'
import type { Database, Statement } from './sqlite/database.ts'
import type { Store } from './store.ts'

/** The sync driver's statements run at once when told to. */
type SyncStatement = Statement & { run(): unknown }

/**
 * Opens the file, makes it (0600, its folder 0700) where there is none, and brings it up to date.
 * @param beforeWrites called once the file is known to be new or ours, before anything is written to one that is there
 * @throws StartRefused where it cannot be opened, is no database, is another program's, or was made by a newer version
 */
export const openBetterSqlite3Store = (
  path: string,
  beforeWrites: () => void = () => {},
): Store => {
  const client = open(path, beforeWrites)
  const db = drizzle(client, { schema })
  return createSqliteStore({
    db: db as unknown as Database,
    async atomically(statements, beforeCommit) {
      const step = client.transaction(() => {
        for (const statement of statements as SyncStatement[]) statement.run()
        beforeCommit?.()
      })
      step.immediate()
    },
    async close() {
      client.close()
    },
    version: versionOf(client),
  })
}

/** `data_version` tells of the commits of other connections, `total_changes()` of our own. */
const versionOf = (client: BetterSqlite3.Database): (() => string) => {
  const others = client.prepare<[], number>('pragma data_version').pluck()
  const ours = client.prepare<[], number>('select total_changes()').pluck()
  return () => `${others.get()}.${ours.get()}`
}

const open = (path: string, beforeWrites: () => void): BetterSqlite3.Database => {
  const migrations = loadMigrations() // before anything is made
  let client: BetterSqlite3.Database | null = null
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
    client = new BetterSqlite3(path, { timeout: BUSY_TIMEOUT_MS })
    requireOurs(client, path)
    beforeWrites()
    writeAhead(client)
    client.pragma('synchronous = FULL')
    spareTemporaryFiles(client)
    migrate(client, migrations)
    client.pragma('foreign_keys = ON')
    client.pragma('busy_timeout = 0') // from here on the store waits, without holding the process up
    return client
  } catch (error) {
    client?.close()
    if (error instanceof StartRefused) throw error
    const code = (error as { code?: unknown }).code
    throw new StartRefused(`cannot open the database ${path}: ${String(code ?? error)}`)
  }
}

/** @throws StartRefused for a database with tables of which no migration of ours is said to have made any */
const requireOurs = (client: BetterSqlite3.Database, path: string): void => {
  const isForeign = patiently(() =>
    client
      .prepare(
        `select count(*) > 0 and sum(name = 'latchkey_migrations') = 0 from sqlite_master where type = 'table'`,
      )
      .pluck()
      .get(),
  )
  if (isForeign) {
    throw new StartRefused(`cannot open the database ${path}: it is another program’s`)
  }
}

/**
 * Keeps temporary tables and journals in memory where no folder takes them, as in a container whose root is
 * read-only: a large sort or update would fail with SQLITE_IOERR_GETTEMPPATH.
 */
export const spareTemporaryFiles = (client: BetterSqlite3.Database, folder = tmpdir()): void => {
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    client.pragma('temp_store = MEMORY')
  }
}

/**
 * Switches to the write-ahead log. SQLite does not wait where two processes do that to a new file at once:
 * one of them is told SQLITE_BUSY straight away, whatever the timeout says. So this one waits.
 */
export const writeAhead = (client: BetterSqlite3.Database): void => {
  patiently(() => client.pragma('journal_mode = WAL'))
}

const patiently = <T>(step: () => T): T => {
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

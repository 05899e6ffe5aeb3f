// Opens an existing database for a command that changes nothing: to read it, to copy it, or to rehearse a change.
import { accessSync, closeSync, constants, lstatSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { BACKUP_STEP_PAGES, BUSY_RETRY_MS, BUSY_TIMEOUT_MS } from '../../constants.ts'
import { StartRefused } from '../../errors.ts'
import { storeError } from '../steps/errors.ts'
import type { Connection, Statement } from '../steps/connection.ts'
import { createStore } from '../steps/store.ts'
import type { Store } from '../store.ts'
import { connect, refusalOf, requireOurs } from './better-sqlite3.ts'
import { compile } from './compile.ts'
import { sqliteDialect } from './dialect.ts'
import { requireDriver } from './driver.ts'
import { pendingMigrations } from './migrate.ts'

/** A database that was opened to be read, and the migrations that it lacks: their verbs fail until it is migrated. */
export type Reading = { store: Store; pendingMigrations: readonly string[] }

/**
 * Opens an existing file for verbs that read. A connection that cannot write would leave a -wal file behind, so this one
 * can, and refuses every statement that does.
 * @throws StartRefused like `openBetterSqlite3Store`
 */
export const openToRead = (path: string): Reading => {
  let lacking: readonly string[] = []
  const client = openExisting(path, (tags) => (lacking = tags))
  const store = createStore({ connection: connect(client), dialect: sqliteDialect })
  return { store, pendingMigrations: lacking }
}

/** @param check called with the migrations that the database lacks */
const openExisting = (
  path: string,
  check: (lacking: readonly string[]) => void,
): BetterSqlite3.Database => {
  requireDriver()
  let client: BetterSqlite3.Database | null = null
  try {
    client = new BetterSqlite3(path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: true })
    client.pragma('query_only = ON')
    requireOurs(client, path)
    check(pendingMigrations(client))
    return client
  } catch (error) {
    client?.close()
    throw refusalOf(error, path)
  }
}

export type RehearsalEvents = {
  /** Called once the write lock is held, and once it is free again. */
  onLock?: ((isHeld: boolean) => void) | undefined
}

type Rehearsal<Found, Result> = RehearsalEvents & {
  /** @param before returns a store of the state before the first write; null while nothing has been written */
  steps: (store: Store, before: () => Store | null) => Promise<Found>
  /** Runs behind the rollback, where other processes write again. */
  conclude: (found: Found, before: Store | null) => Promise<Result>
}

/**
 * Runs steps on a store whose changes are undone at the end. Other processes never see them. From the first write on, other
 * processes cannot write: steps that take long, such as making keys, come before it.
 * @throws Unavailable while another process writes for BUSY_TIMEOUT_MS; StartRefused for a database that lacks a migration
 */
export const rehearse = async <Found, Result>(
  path: string,
  { steps, conclude, onLock = () => {} }: Rehearsal<Found, Result>,
): Promise<Result> => {
  const client = openExisting(path, (lacking) => {
    if (lacking.length === 0) return
    throw new StartRefused('the database has to be migrated first; run: latchkey migrate')
  })
  const reader = openExisting(path, () => {})
  const readerStore = createStore({ connection: connect(reader), dialect: sqliteDialect })
  const before = () => (client.inTransaction ? readerStore : null)
  let beginning: Promise<void> | null = null
  const beginOnce = () =>
    (beginning ??= begin(client).then(() => {
      onLock(true)
      pin(reader)
    }))
  try {
    client.pragma('foreign_keys = ON')
    client.pragma('busy_timeout = 0') // a statement would hold up the process
    const connection = beginningLate(client, beginOnce)
    const found = await steps(createStore({ connection, dialect: sqliteDialect }), before)
    const pinned = before()
    if (client.inTransaction) {
      client.exec('rollback')
      onLock(false)
    }
    return await conclude(found, pinned)
  } finally {
    client.close()
    reader.close()
  }
}

/** Pins one state: without a transaction of its own, each read has the commits of other processes. */
const pin = (client: BetterSqlite3.Database): void => {
  client.exec('begin')
  client.prepare('select count(*) from sqlite_master').get()
}

/** A connection that begins before its first statement that writes. Until then SQLite refuses such a statement. */
const beginningLate = (client: BetterSqlite3.Database, begin: () => Promise<void>): Connection => {
  const inner = connect(client)
  const prepareFor = async (statement: Statement): Promise<void> => {
    if (!client.prepare(compile(statement).text).readonly) await begin()
  }
  return {
    ...inner,
    async run(statement) {
      await prepareFor(statement)
      return await inner.run(statement)
    },
    prepare(statement) {
      const run = inner.prepare(statement)
      return async (parameters) => {
        await prepareFor(statement)
        return await run(parameters)
      }
    },
    async atomically(statements, beforeCommit) {
      await begin()
      await inner.atomically(statements, beforeCommit)
    },
  }
}

/** Takes the write lock, and serves other requests while it waits. */
const begin = async (client: BetterSqlite3.Database): Promise<void> => {
  const deadline = performance.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      client.pragma('query_only = OFF')
      client.exec('begin immediate')
      return
    } catch (error) {
      client.pragma('query_only = ON')
      const { isBusy } = sqliteDialect.readError(error)
      if (!isBusy || performance.now() > deadline) throw storeError(error, sqliteDialect)
    }
    await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS))
  }
}

type BackupOptions = {
  /** Called with pages of the database. */
  onProgress?: ((done: number, total: number) => void) | undefined
  /** Ends the copy. Its reason is a word for the error. */
  signal?: AbortSignal
}

/**
 * Copies a database that is in use to a new file with mode 0600. The copy has the state of one moment.
 * @throws StartRefused if the file exists or cannot be written, or the signal aborts; a part of a copy is removed
 */
export const backUp = async (
  path: string,
  target: string,
  { onProgress, signal }: BackupOptions = {},
): Promise<void> => {
  const client = openExisting(path, () => {})
  let isMade = false
  try {
    closeSync(openSync(target, 'wx', 0o600))
    isMade = true
    pin(client) // or the copy would begin again after each commit of another process
    await client.backup(target, {
      progress({ totalPages, remainingPages }) {
        onProgress?.(totalPages - remainingPages, totalPages)
        signal?.throwIfAborted()
        return BACKUP_STEP_PAGES
      },
    })
  } catch (error) {
    if (isMade) for (const part of [target, `${target}-journal`]) rmSync(part, { force: true })
    throw copyRefused(target, error)
  } finally {
    client.close()
  }
}

const copyRefused = (target: string, error: unknown): StartRefused => {
  const { code } = error as { code?: unknown }
  return new StartRefused(`cannot write the copy ${target}: ${String(code ?? error)}`)
}

/**
 * Checks the database and the place of a copy, and writes nothing. The disk may still be full for the copy itself.
 * @returns the size of the copy in bytes
 * @throws StartRefused like `backUp`
 */
export const copySize = (path: string, target: string): number => {
  const client = openExisting(path, () => {})
  try {
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) {
      throw Object.assign(new Error('the file exists'), { code: 'EEXIST' })
    }
    accessSync(dirname(target), constants.W_OK | constants.X_OK)
    const sizes = ['page_count', 'page_size'] as const
    const [pages = 0, bytes = 0] = sizes.map((name) =>
      Number(client.pragma(name, { simple: true })),
    )
    return pages * bytes
  } catch (error) {
    throw copyRefused(target, error)
  } finally {
    client.close()
  }
}

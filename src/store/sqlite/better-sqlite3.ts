// better-sqlite3: one file. A commit is on the disk before the store answers.
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { BUSY_TIMEOUT_MS, MAX_PREPARED_STATEMENTS } from '../../constants.ts'
import { StartRefused } from '../../errors.ts'
import { createLatest } from '../latest.ts'
import type { Connection, RawRow } from '../steps/connection.ts'
import { createStore } from '../steps/store.ts'
import type { Store } from '../store.ts'
import { type Compiled, compile } from './compile.ts'
import { sqliteDialect } from './dialect.ts'
import { loadMigrations, migrate } from './migrate.ts'
import { patiently, spareTemporaryFiles, writeAhead } from './settings.ts'

/**
 * Opens the file and migrates it. Creates a missing file with mode 0600, in a folder with mode 0700.
 * @param beforeWrites called once the file is found to be new or ours, before the first write to an existing file
 * @throws StartRefused where it cannot be opened, is no database, is another program's, or was made by a newer version
 */
export const openBetterSqlite3Store = (
  path: string,
  beforeWrites: () => void = () => {},
): Store => {
  const client = open(path, beforeWrites)
  return createStore({ connection: connect(client), dialect: sqliteDialect })
}

export const connect = (client: BetterSqlite3.Database): Connection => {
  const statementOf = statementsOf(client)
  let writes = 0
  const rowsOf = (statement: BetterSqlite3.Statement, values: unknown[]): RawRow[] => {
    if (!statement.readonly) writes += 1
    if (statement.reader) return statement.all(...values) as RawRow[]
    statement.run(...values)
    return []
  }
  return {
    async run(statement) {
      const { text, values } = compile(statement)
      return rowsOf(statementOf(text), values())
    },
    prepare(statement) {
      // Prepares at the first use: a command runs few of the statements that the store has.
      let ready: { prepared: BetterSqlite3.Statement; values: Compiled['values'] } | undefined
      return async (parameters) => {
        if (ready === undefined) {
          const { text, values } = compile(statement)
          ready = { prepared: prepareRaw(client, text), values }
        }
        return rowsOf(ready.prepared, ready.values(parameters))
      }
    },
    async atomically(statements, beforeCommit) {
      const compiled = statements.map(compile)
      const step = client.transaction(() => {
        for (const { text, values } of compiled) statementOf(text).run(...values())
        beforeCommit?.()
      })
      writes += 1
      step.immediate()
    },
    async close() {
      client.close()
    },
    version: versionOf(client, () => writes),
  }
}

const prepareRaw = (client: BetterSqlite3.Database, text: string): BetterSqlite3.Statement => {
  const statement = client.prepare(text)
  return statement.reader ? statement.raw() : statement
}

/** Prepares each text once. SQLite prepares a statement again by itself when the schema has changed. */
const statementsOf = (
  client: BetterSqlite3.Database,
): ((text: string) => BetterSqlite3.Statement) => {
  const statements = createLatest<BetterSqlite3.Statement>(MAX_PREPARED_STATEMENTS)
  return (text) => statements.get(text) ?? statements.add(text, prepareRaw(client, text))
}

/** `data_version` changes with commits of other connections; `ours` counts the writes of this one. */
const versionOf = (client: BetterSqlite3.Database, ours: () => number): (() => string) => {
  const others = client.prepare<[], number>('pragma data_version').pluck()
  return () => `${others.get()}.${ours()}`
}

const open = (path: string, beforeWrites: () => void): BetterSqlite3.Database => {
  const migrations = loadMigrations() // throws before the folder and the file are made
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
    client.pragma('busy_timeout = 0') // the store waits in place of SQLite, and the process serves other requests
    return client
  } catch (error) {
    client?.close()
    throw refusalOf(error, path)
  }
}

export const refusalOf = (error: unknown, path: string): StartRefused => {
  if (error instanceof StartRefused) return error
  const code = (error as { code?: unknown }).code
  return new StartRefused(`cannot open the database ${path}: ${String(code ?? error)}`)
}

/** @throws StartRefused for a database with tables and without our table of migrations */
export const requireOurs = (client: BetterSqlite3.Database, path: string): void => {
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

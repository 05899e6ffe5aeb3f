// Reads and fills the database file of a place directly, without a process for each record.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import type { Place } from './processes.ts'
import { type ClientCredentials, createRecords } from './records.ts'

export const databasePath = ({ directory }: Place): string => join(directory, 'data', 'latchkey.db')

type Row = Record<string, unknown>

export const dump = (place: Place): Record<string, Row[]> => dumpFile(databasePath(place))

/**
 * Reads every row of every table, except the audit, to which every attempt adds a row, and the clock, which every
 * process advances. The connection can write: a read-only connection leaves its -wal file behind.
 */
export const dumpFile = (path: string): Record<string, Row[]> => {
  const client = new BetterSqlite3(path, { fileMustExist: true })
  const rows = tablesOf(client).map((name) => [
    name,
    client.prepare(`select * from ${name}`).all() as Row[],
  ])
  client.close()
  return Object.fromEntries(rows) as Record<string, Row[]>
}

/**
 * Creates a function that returns the same as one text. It takes a fraction of the time to read and to compare, because
 * the statements are prepared once.
 */
export const createStateReader = (client: BetterSqlite3.Database): (() => string) => {
  const tables = tablesOf(client).map(
    (name) => [name, client.prepare(`select * from ${name}`).raw()] as const,
  )
  return () => tables.map(([name, all]) => `${name}: ${JSON.stringify(all.all())}\n`).join('')
}

const tablesOf = (client: BetterSqlite3.Database): string[] =>
  client
    .prepare(
      `select name from sqlite_master where type = 'table'
      and name not in ('audit_events', 'audit_seals', 'server_clock', 'sqlite_sequence') order by name`,
    )
    .pluck()
    .all() as string[]

/** The bytes of every file below the folder of a place, by path. */
export const files = ({ directory }: Place): Record<string, string> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(directory.length + 1), readFileSync(path).toString('base64')]),
  )

/** Runs a statement that makes a state which no command can make. */
export const execute = (place: Place, statement: string): void => {
  const client = new BetterSqlite3(databasePath(place))
  client.exec(statement)
  client.close()
}

export const query = (place: Place, statement: string): Row[] => {
  const client = new BetterSqlite3(databasePath(place))
  const rows = client.prepare(statement).all() as Row[]
  client.close()
  return rows
}

export const openRecords = (place: Place) => {
  const store = openBetterSqlite3Store(databasePath(place))
  const now = () => Math.floor(Date.now() / 1000)
  return { ...createRecords(store, now), close: () => store.close() }
}

/** A client of the audience `hook`, which needs a plugin. */
export const addHookClient = async (place: Place): Promise<ClientCredentials> => {
  const records = openRecords(place)
  const client = await records.client({ grants: { hook: ['hook:track'] }, plugins: ['p'] })
  await records.close()
  return client
}

// Migration runner.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { StartRefused } from '../../src/errors.ts'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import { type Migration, loadMigrations, migrate } from '../../src/store/sqlite/migrate.ts'
import type { Order, Report } from '../support/migrating-process.ts'

const COMMITTED = loadMigrations()
const PROCESS = new URL('../support/migrating-process.ts', import.meta.url)

const folder = mkdtempSync(join(tmpdir(), 'latchkey-migrate-'))
const opened: BetterSqlite3.Database[] = []
const processes: ChildProcess[] = []
afterEach(() => {
  for (const client of opened.splice(0)) client.close()
  for (const child of processes.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const newPath = (): string => join(folder, `${++files}.db`)

const open = (path = newPath()): BetterSqlite3.Database => {
  const client = new BetterSqlite3(path)
  opened.push(client)
  return client
}

/** Makes an empty file in the mode of a store. */
const newWalPath = (): string => {
  const path = newPath()
  open(path).pragma('journal_mode = WAL')
  return path
}

const startProcess = async (): Promise<ChildProcess> => {
  const child = fork(PROCESS, { execArgv: ['--import', 'tsx'] })
  processes.push(child)
  await once(child, 'message')
  return child
}

/** Sends an order. @returns the report of the process, or the signal that ended it */
const order = async (child: ChildProcess, given: Order): Promise<Report | NodeJS.Signals> => {
  const abort = new AbortController()
  const reported = once(child, 'message', abort).then(([report]) => report as Report)
  const exited = once(child, 'exit', abort).then(([, signal]) => signal as NodeJS.Signals)
  child.send(given)
  const first = await Promise.race([reported, exited])
  abort.abort()
  await Promise.allSettled([reported, exited])
  return first
}

/** Migrations `0_tag`, `1_tag`, … with these statements. */
const migrations = (...all: string[][]): Migration[] =>
  all.map((statements, i) => ({ tag: `${i}_tag`, hash: `hash ${i}`, statements }))

const tags = (client: BetterSqlite3.Database): unknown[] =>
  client.prepare('select tag from latchkey_migrations order by position').pluck().all()

const schemaOf = (client: BetterSqlite3.Database): unknown[] =>
  client.prepare('select name, sql from sqlite_master order by name').all()

/** The whole file as rows and statements. */
const contentOf = (client: BetterSqlite3.Database): unknown => [
  schemaOf(client),
  client
    .prepare(`select name from sqlite_master where type = 'table' order by name`)
    .pluck()
    .all()
    .map((name) => client.prepare(`select * from "${String(name)}"`).all()),
]

const FIRST = ['create table parent (id integer primary key)', 'insert into parent values (1)']
const SECOND = [
  'create table child (id integer primary key, parent integer references parent)',
  'insert into child values (1, 1)',
  'update parent set id = id',
]

describe('migrations', () => {
  it('are applied once each, in order, and foreign keys are enforced afterwards', () => {
    const client = open()
    migrate(client, migrations(FIRST, SECOND))
    const content = contentOf(client)
    migrate(client, migrations(FIRST, SECOND))
    expect(contentOf(client)).toEqual(content)
    expect(tags(client)).toEqual(['0_tag', '1_tag'])
    expect(client.pragma('foreign_keys', { simple: true })).toBe(1)
  })

  it('continue after the last migration of an older version', () => {
    const client = open()
    migrate(client, migrations(FIRST))
    client.exec('insert into parent values (2)')
    migrate(client, migrations(FIRST, SECOND))
    expect(tags(client)).toEqual(['0_tag', '1_tag'])
    expect(client.prepare('select count(*) from parent').pluck().get()).toBe(2)
  })

  it('are applied once by two processes that start at once on a new file', async () => {
    const children = await Promise.all([startProcess(), startProcess()])
    const steps = Array.from({ length: 5 }, (_, i) => [
      `create table t${i} (id integer)`,
      `insert into t${i} values (${i})`,
    ])
    for (const given of [null, migrations(...steps)]) {
      for (let round = 0; round < 20; round++) {
        const path = given === null ? newPath() : newWalPath()
        const reports = children.map((child) => order(child, { path, migrations: given }))
        expect(await Promise.all(reports)).toEqual(['done', 'done'])
        expect(tags(open(path))).toEqual((given ?? COMMITTED).map(({ tag }) => tag))
      }
    }
  })

  it('make another process wait on a new file that has no write-ahead log yet', async () => {
    const child = await startProcess()
    const path = newPath()
    const pausing = COMMITTED.map((migration, i) =>
      i === 0
        ? { ...migration, statements: [...migration.statements, 'select pause()'] }
        : migration,
    )
    const report = order(child, { path, migrations: pausing })
    const probe = open(path)
    const isBusy = (): boolean => {
      try {
        probe.exec('begin immediate; rollback')
        return false
      } catch {
        return true
      }
    }
    probe.pragma('busy_timeout = 0')
    while (!isBusy()) await setTimeout(5)
    await openBetterSqlite3Store(path).close()
    expect(await report).toBe('done')
  })

  const died = SECOND.map((_, i) => SECOND.toSpliced(i, 0, 'select die()'))
  const JOURNALLED = `create trigger journalled after insert on latchkey_migrations
    begin select die(); end`
  it.each([
    ['before the first statement', died[0]],
    ['after the first statement', died[1]],
    ['after the second statement', died[2]],
    ['after the journal, before the commit', [...SECOND, JOURNALLED]],
  ])('are complete or absent after a kill -9 %s', async (_, second = []) => {
    const path = newWalPath()
    const child = await startProcess()
    expect(await order(child, { path, migrations: migrations(FIRST, second) })).toBe('SIGKILL')
    const before = open()
    migrate(before, migrations(FIRST))
    const client = open(path)
    expect(contentOf(client)).toEqual(contentOf(before))

    migrate(client, migrations(FIRST, SECOND))
    expect(tags(client)).toEqual(['0_tag', '1_tag'])
    expect(client.prepare('select count(*) from child').pluck().get()).toBe(1)
  })

  it('leave nothing of a migration whose statement fails', () => {
    const client = open()
    migrate(client, migrations(FIRST))
    const content = contentOf(client)
    const failing = migrations(FIRST, [...SECOND, 'insert into nowhere values (1)'])
    expect(() => migrate(client, failing)).toThrow('no such table: nowhere')
    expect(contentOf(client)).toEqual(content)
    expect(client.pragma('foreign_keys', { simple: true })).toBe(1)
    migrate(client, migrations(FIRST, SECOND))
    expect(tags(client)).toEqual(['0_tag', '1_tag'])
  })

  it('rebuild a table and keep the rows that reference it', () => {
    const client = open()
    const before = [
      'create table parent (id text primary key, old text)',
      'create table child (id text, parent text not null references parent(id) on delete cascade)',
      'create table friend (id text, parent text not null references parent(id))',
      `insert into parent values ('p', 'gone')`,
      `insert into child values ('c', 'p')`,
      `insert into friend values ('f', 'p')`,
    ]
    // Statements as drizzle-kit writes them.
    const rebuild = [
      'PRAGMA foreign_keys=OFF;',
      'CREATE TABLE `__new_parent` (`id` text PRIMARY KEY NOT NULL, `new` text);',
      'INSERT INTO `__new_parent`("id") SELECT "id" FROM `parent`;',
      'DROP TABLE `parent`;',
      'ALTER TABLE `__new_parent` RENAME TO `parent`;',
      'PRAGMA foreign_keys=ON;',
    ]
    migrate(client, migrations(before, rebuild))
    expect(client.prepare('select * from parent').all()).toEqual([{ id: 'p', new: null }])
    expect(client.prepare('select * from child').all()).toEqual([{ id: 'c', parent: 'p' }])
    expect(client.prepare('select * from friend').all()).toEqual([{ id: 'f', parent: 'p' }])
    expect(() => client.exec(`insert into child values ('d', 'nobody')`)).toThrow('FOREIGN KEY')
  })

  it('are undone when they would leave rows that refer to nothing', () => {
    const client = open()
    migrate(client, migrations(FIRST, SECOND))
    const content = contentOf(client)
    const orphaning = migrations(FIRST, SECOND, ['delete from parent'])
    expect(() => migrate(client, orphaning)).toThrow(
      new StartRefused('migration 2_tag would leave rows that refer to nothing'),
    )
    expect(contentOf(client)).toEqual(content)
  })

  it.each([
    [
      'a newer version',
      `insert into latchkey_migrations values (99, '0099_future', 'hash')`,
      /^the database was made by a newer version of Latchkey \(migration 0099_future is .+\)$/,
    ],
    [
      'another line of versions',
      `update latchkey_migrations set tag = '0000_other' where position = 0`,
      /^the database was made by a newer version of Latchkey \(migration 0000_other is .+\)$/,
    ],
    [
      'an edited migration',
      `update latchkey_migrations set hash = 'other' where position = 0`,
      /^migration 0000_\w+ of the database is not the one that this version has$/,
    ],
  ])('stop the start on a database with %s', async (_, change, message) => {
    const path = newPath()
    await openBetterSqlite3Store(path).close()
    const client = open(path)
    client.exec(change)
    const content = contentOf(client)
    expect(() => openBetterSqlite3Store(path)).toThrow(StartRefused)
    expect(() => openBetterSqlite3Store(path)).toThrow(message)
    expect(contentOf(client)).toEqual(content)
  })
})

// Contract on better-sqlite3 in real files, and behaviour that only files have.
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { StartRefused, Unavailable } from '../../src/errors.ts'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import { sqliteDialect } from '../../src/store/sqlite/dialect.ts'
import { storeError } from '../../src/store/steps/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { connectionsOf, interleave } from '../support/interleaving.ts'
import { storeContract } from './contract.ts'
import { type Row, TABLES, type TestDatabase, thrownBy } from './contract/database.ts'
import { NOW, createdClient, seed, theClient, token } from './contract/records.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-store-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const newPath = (): string => join(folder, `${++files}`, 'latchkey.db')

const openFile = async (path = newPath()): Promise<TestDatabase> => {
  const stores: Store[] = []
  const open = (): Store => {
    const store = openBetterSqlite3Store(path)
    stores.push(store)
    return store
  }
  const store = open()
  const raw = new BetterSqlite3(path)
  const stops: (() => Promise<void>)[] = []
  return {
    store,
    another: async () => open(),
    async interleaved(then) {
      const [opened, connections] = await connectionsOf(open)
      stops.push(interleave(connections, then))
      return opened
    },
    async query(sql) {
      const statement = raw.prepare(sql)
      if (statement.reader) return statement.all() as Row[]
      statement.run()
      return []
    },
    async close() {
      for (const stop of stops) await stop()
      raw.close()
      for (const opened of stores) await opened.close()
    },
  }
}

/** Opens the same file for each test, emptied: a new one takes longer than most tests. */
const openEmptied = (() => {
  const path = newPath()
  return async (): Promise<TestDatabase> => {
    const database = await openFile(path)
    const raw = new BetterSqlite3(path)
    raw.pragma('synchronous = off')
    raw.pragma('foreign_keys = off')
    raw.exec(TABLES.map((name) => `delete from ${name};`).join(''))
    raw.close()
    return database
  }
})()

storeContract('better-sqlite3', openEmptied)

describe('database file', () => {
  it('is made for its owner alone, in a folder of its own', async () => {
    const path = newPath()
    const { close } = await openFile(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
    await close()
  })

  it('has a write-ahead log, and keeps all answered writes when it is opened again', async () => {
    const path = newPath()
    const first = await openFile(path)
    await first.store.bootstrap(seed, NOW, () => {})
    await createdClient(first.store, 'client')
    await first.store.revokeClientTokens('client', NOW)
    expect(await first.query('pragma journal_mode')).toEqual([{ journal_mode: 'wal' }])
    await first.close()

    const second = await openFile(path)
    expect(await second.store.isInitialized()).toBe(true)
    expect((await theClient(second.store, 'client')).generation).toBe(2)
    await second.close()
  })

  it('shows the writes of one handle to another at once', async () => {
    const { store, another, close } = await openFile()
    const other = await another()
    await store.bootstrap(seed, NOW, () => {})
    await createdClient(store, 'client')
    expect(await other.findLogin('client', 'hash of client-secret', NOW)).not.toBeNull()
    expect(await other.findRevocation(token({ clientId: 'client' }))).toBeNull()
    for (const [writer, reader] of [
      [store, other],
      [other, store],
    ] as const) {
      const { generation } = await theClient(reader, 'client')
      await writer.revokeClientTokens('client', NOW)
      const claims = token({ clientId: 'client', clientGen: generation })
      expect(await reader.findRevocation(claims)).toBe('client')
      expect(await reader.findGrantedClient('client')).toMatchObject({ generation: generation + 1 })
    }
    await close()
  })

  it('runs beforeCommit after the last statement, and not after a failure', async () => {
    const { store, close } = await openFile()
    let called = 0
    const count = (): void => {
      called++
    }
    const twice = { ...seed, audiences: [...seed.audiences, ...seed.audiences] }
    await thrownBy(store.bootstrap(twice, NOW, count))
    expect(called).toBe(0)
    await store.bootstrap(seed, NOW, count)
    expect(called).toBe(1)
    await close()
  })

  it('answers Unavailable after it was closed', async () => {
    const { store, close } = await openFile()
    await close()
    for (const verb of [store.ping(), store.findGrantedClient('client'), store.addKeys([], NOW)]) {
      expect(await thrownBy(verb)).toBeInstanceOf(Unavailable)
    }
  })

  it('stops the start with one line when it is no database, or no file', () => {
    const noDatabase = newPath()
    const noFile = newPath()
    mkdirSync(join(noDatabase, '..'))
    writeFileSync(noDatabase, 'not a database'.repeat(100))
    mkdirSync(noFile, { recursive: true })
    for (const path of [noDatabase, noFile]) {
      const start = (): Store => openBetterSqlite3Store(path)
      expect(start).toThrow(StartRefused)
      expect(start).toThrow(new RegExp(`^cannot open the database ${path}: [A-Z_]+$`))
    }
  })
})

describe('error of the driver', () => {
  it.each(['SQLITE_BUSY', 'SQLITE_FULL', 'SQLITE_IOERR_FSYNC'])('is Unavailable: %s', (code) => {
    const error = storeError(new BetterSqlite3.SqliteError('what it says', code), sqliteDialect)
    expect(error).toMatchObject({
      name: 'Unavailable',
      driverCode: code,
      message: `the database did not answer (${code})`,
    })
  })
})

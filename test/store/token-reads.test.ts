// Values that the reads of a token request and of an introspection bind: only those that differ
// from request to request.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, expect, it, vi } from 'vitest'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import type { Store } from '../../src/store/store.ts'
import { NOW, createdClient, seed, token } from './contract/records.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-token-reads-'))
const path = join(folder, 'latchkey.db')
const store = openBetterSqlite3Store(path)
await store.bootstrap(seed, NOW, () => {})
await createdClient(store, 'reader')

const statement = new BetterSqlite3(':memory:').prepare('select 1')
const all = vi.spyOn(Object.getPrototypeOf(statement) as BetterSqlite3.Statement, 'all')

afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const LOOKUP = token({
  clientId: 'reader',
  clientGen: 7,
  plugin: { id: 'com.example.plugin', generation: 8 },
  runs: ['run value'],
})
const { workspace } = LOOKUP

/** A read, and every value that it may bind. */
const READS: [name: string, read: (from: Store) => Promise<unknown>, given: unknown[]][] = [
  ['a login', (from) => from.findLogin('reader', 'a hash', NOW), ['a hash', NOW]],
  ['a refused login', (from) => from.explainRefusal('reader', 'a hash'), ['reader', 'a hash']],
  ['the client of a token', (from) => from.findGrantedClient('reader'), ['reader']],
  ['the active key', (from) => from.findActiveKey('ES256'), ['ES256']],
  ['a published key', (from) => from.findPublishedKey('a kid', NOW), ['a kid', NOW]],
  ['closed runs', (from) => from.isRunClosed(['a run']), ['["a run"]']],
  ['a resource', (from) => from.findResource('room', 'kitchen'), ['room', 'kitchen']],
  [
    'a revocation',
    (from) => from.findRevocation(LOOKUP),
    [
      LOOKUP.jti,
      LOOKUP.kid,
      LOOKUP.exp,
      'reader',
      7,
      'com.example.plugin',
      8,
      '["run value"]',
      workspace.id,
      JSON.stringify(workspace.values),
      workspace.generation,
    ],
  ],
]

it.each(READS)(
  'read of %s binds no constant, which would make SQLite plan anew',
  async (...row) => {
    const [, read, given] = row
    all.mockClear()
    await read(store)
    const bound = all.mock.calls.flat()
    expect(bound.length).toBeGreaterThan(0)
    expect(bound.filter((value) => !given.includes(value))).toEqual([])
  },
)

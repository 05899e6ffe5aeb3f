// Committed migrations.
import { readFileSync, readdirSync } from 'node:fs'
import BetterSqlite3 from 'better-sqlite3'
import {
  type DrizzleSQLiteSnapshotJSON,
  generateSQLiteDrizzleJson,
  generateSQLiteMigration,
} from 'drizzle-kit/api'
import { describe, expect, it } from 'vitest'
import { RULE_RETENTION_SECONDS } from '../../src/constants.ts'
import { loadMigrations, migrate } from '../../src/store/sqlite/migrate.ts'
import * as schema from '../../src/store/sqlite/schema.ts'

type Row = Record<string, unknown>

/** Time of the newest rule, in seconds, from a server whose clock is ahead. */
const AHEAD = 4_000_000_000

const COMMITTED = loadMigrations()
const FOLDER = new URL('../../drizzle/sqlite/', import.meta.url)

const open = (): BetterSqlite3.Database => new BetterSqlite3(':memory:')

const tags = (client: BetterSqlite3.Database): unknown[] =>
  client.prepare('select tag from latchkey_migrations order by position').pluck().all()

const schemaOf = (client: BetterSqlite3.Database): unknown[] =>
  client.prepare('select name, sql from sqlite_master order by name').all()

/**
 * Expects a reference for each workspace and for clients outside workspaces, and rules over ids
 * while tokens without a reference live.
 */
const expectReferences = (client: BetterSqlite3.Database): void => {
  const counter = client.prepare('select * from revocation_counter').get() as Row
  const refs = client.prepare('select ref from workspaces').pluck().all()
  const all = [...refs, counter['no_workspace_ref']]
  expect(all).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^[0-9a-f]{32}$/)))
  expect(new Set(all).size).toBe(3)
  expect(counter['named_rules_until']).toBe(AHEAD + RULE_RETENTION_SECONDS)
}

describe('committed migrations', () => {
  const prefixes = Array.from({ length: COMMITTED.length + 1 }, (_, i) => i)

  it.each(prefixes)('bring the schema after %i of them to the newest one', (count) => {
    const newest = open()
    migrate(newest)
    const client = open()
    migrate(client, COMMITTED.slice(0, count))
    if (count > 0) {
      client.exec(`insert into workspaces (id, name, etag, created_at) values ('w', 'W', 'e', 1), ('w2', 'W2', 'e', 1);
        insert into clients (id, name, workspace_id, etag, created_at) values ('c', 'C', 'w', 'e', 1);
        insert into revocation_counter (id, seq) values (1, 7);
        insert into revocations (seq, kind, value, created_at) values (7, 'jti', 'j', ${AHEAD})`)
    }
    migrate(client)
    expect(schemaOf(client)).toEqual(schemaOf(newest))
    expect(tags(client)).toEqual(COMMITTED.map(({ tag }) => tag))
    expect(client.pragma('integrity_check', { simple: true })).toBe('ok')
    // A database from before epochs gets an epoch. A new database gets it with its first row.
    const epochs = client.prepare('select epoch from revocation_counter').pluck().all()
    const had = (name: string) =>
      count === 0 || COMMITTED.slice(0, count).some(({ tag }) => tag.endsWith(name))
    if (!had('epoch_ledger')) expect(epochs).toEqual([expect.stringMatching(/^[0-9a-f]{24}$/)])
    if (!had('workspace_refs')) expectReferences(client)
    expect(client.prepare('select id from clients').pluck().all()).toEqual(count > 0 ? ['c'] : [])
  })

  // D1 cannot switch foreign keys off: a rebuilt table would delete the rows that reference it.
  it('rebuild no table and delete no referencing rows, for D1', () => {
    expect(COMMITTED.length).toBeGreaterThan(0)
    for (const statement of COMMITTED.flatMap(({ statements }) => statements)) {
      expect(statement).not.toMatch(/__new_|\bdrop\s+table\b|\brename\s+to\b|\bpragma\b/i)
      expect(statement).not.toMatch(/on\s+delete\s+(cascade|set)/i)
    }
  })

  it('are all files of the folder in the order of their names, which D1 follows', () => {
    const names = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'))
    expect(names.toSorted()).toEqual(COMMITTED.map(({ tag }) => `${tag}.sql`))
  })

  it('create the schema of the code', async () => {
    const snapshots = readdirSync(new URL('meta/', FOLDER)).filter((n) => n.includes('snapshot'))
    const latest = new URL(`meta/${snapshots.toSorted().at(-1)}`, FOLDER)
    const written = JSON.parse(readFileSync(latest, 'utf8')) as DrizzleSQLiteSnapshotJSON
    const current = await generateSQLiteDrizzleJson(schema, written.id)
    expect(await generateSQLiteMigration(written, current)).toEqual([])
  })
})

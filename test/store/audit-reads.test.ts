// Reads of a long audit table: the rows of each combination of filters, and a bound of every
// statement.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import type { AuditFilter, AuditPart, Store } from '../../src/store/store.ts'
import { NOW, seed } from './contract/records.ts'

/** Far more than one step reads; every value is frequent or rare, and times go back once. */
const ROWS = 6_000
const STEP_ROWS = 1_000

const folder = mkdtempSync(join(tmpdir(), 'latchkey-audit-'))
const path = join(folder, 'latchkey.db')
let store: Store
let raw: BetterSqlite3.Database
/** The text of each statement that the store has prepared since the start of the test. */
const prepared = vi.spyOn(BetterSqlite3.prototype, 'prepare')

/** The workspace `acme` has two clients, an enrollment, a resource and a closed run; `globex` a client. */
const PLACES = `
  insert into workspaces (id, name, etag, created_at) values ('acme', '', '', 1), ('globex', '', '', 1);
  insert into clients (id, name, workspace_id, etag, created_at)
    values ('a1', '', 'acme', '', 1), ('a2', '', 'acme', '', 1), ('g1', '', 'globex', '', 1), ('u1', '', null, '', 1);
  insert into enrollments (id, name, hash, workspace_id, plugins, grants, details, created_at, expires_at)
    values ('e1', '', 'h', 'acme', '[]', '[]', '[]', 1, 2);
  insert into resources (type, id, workspace_id, parts, etag, created_at)
    values ('file', 'r1', 'acme', '[]', '', 1), ('file', 'r2', 'globex', '[]', '', 1);
  insert into closed_runs (value, workspace_id, identifier, created_at)
    values ('v1', 'acme', 'run-1', 1), ('v2', 'globex', 'run-2', 1), ('v3', null, 'run-3', 1);`

const EVENTS = `
  with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS}),
  r(i, a, b) as (select i, (i * 7919) % 997, (i * 104729) % 1009 from n)
  insert into audit_events (created_at, actor, action, target, outcome, request_id)
  select ${NOW} + iif(i between 2000 and 2500, i - 1900, i),
    case when a < 600 then 'cli:me' when a < 700 then 'client:a1' when a < 800 then 'client:g1'
      when a < 850 then 'client:u1' when a < 990 then 'server' else 'unknown' end,
    case b % 8 when 0 then 'client.disable' when 1 then 'secret.add' when 2 then 'enrollment.create'
      when 3 then 'resource.put' when 4 then 'run.revoke' when 5 then 'workspace.suspend'
      when 6 then 'token.revoke' else 'key.rotate' end,
    case (a + b) % 11 when 0 then 'a1' when 1 then 'a2' when 2 then 'g1' when 3 then 'e1'
      when 4 then 'file#r1' when 5 then 'file#r2' when 6 then 'acme#run-1' when 7 then 'acme#run-9'
      when 8 then 'acme' when 9 then '#run-3' end,
    case when b < 450 then 'success' when b < 900 then 'intent' when b < 1005 then 'refused' else 'failed' end,
    iif(a % 3 = 0, 'q' || (b % 40), null)
  from r`

beforeAll(async () => {
  store = openBetterSqlite3Store(path)
  await store.bootstrap(seed, NOW, () => {})
  raw = new BetterSqlite3(path)
  raw.exec(PLACES + EVENTS)
})
afterAll(async () => {
  prepared.mockRestore()
  raw.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

/** The filters, each with an SQL condition of the same meaning. */
const FILTERS: { filter: AuditFilter; sql: string }[] = [
  { filter: { actor: 'cli:me' }, sql: `actor = 'cli:me'` },
  { filter: { action: 'client.disable' }, sql: `action = 'client.disable'` },
  { filter: { target: 'a1' }, sql: `target = 'a1'` },
  { filter: { outcome: 'success' }, sql: `outcome = 'success'` },
  { filter: { requestId: 'q7' }, sql: `request_id = 'q7'` },
  { filter: { since: NOW + 800 }, sql: `created_at >= ${NOW + 800}` },
  { filter: { until: NOW + 5_000 }, sql: `created_at < ${NOW + 5_000}` },
  {
    filter: { workspaceId: 'acme' },
    sql: `(actor in (select 'client:' || id from clients where workspace_id = 'acme')
      or actor not in (select 'client:' || id from clients where workspace_id <> 'acme') and (
        (action like 'client.%' or action like 'secret.%' or action like 'token.%')
          and target in (select id from clients where workspace_id = 'acme')
        or (action like 'client.%' or action like 'enrollment.%')
          and target in (select id from enrollments where workspace_id = 'acme')
        or action like 'resource.%'
          and target in (select type || '#' || id from resources where workspace_id = 'acme')
        or action like 'run.%' and target in (
          select workspace_id || '#' || identifier from closed_runs where workspace_id = 'acme')
        or action like 'workspace.%' and target = 'acme'))`,
  },
]

/** All 256 sets of filters. */
const COMBINATIONS = Array.from({ length: 2 ** FILTERS.length }, (_, bits) =>
  FILTERS.filter((_filter, i) => (bits & (2 ** i)) !== 0),
).map((parts) => ({
  filter: Object.assign({}, ...parts.map(({ filter }) => filter)) as AuditFilter,
  condition: ['true', ...parts.map(({ sql }) => sql)].join(' and '),
}))

const RARE: { filter: AuditFilter; condition: string }[] = [
  { filter: { outcome: 'failed' }, condition: `outcome = 'failed'` },
  {
    filter: { actor: 'unknown', outcome: 'success' },
    condition: `actor = 'unknown' and outcome = 'success'`,
  },
  {
    filter: { since: NOW + 2_100, until: NOW + 2_150 },
    condition: `created_at >= ${NOW + 2_100} and created_at < ${NOW + 2_150}`,
  },
  { filter: { since: NOW + ROWS + 1 }, condition: 'false' },
  { filter: { actor: 'nobody' }, condition: 'false' },
  { filter: { workspaceId: 'initech' }, condition: 'false' },
]

const read = async (filter: AuditFilter, newestFirst: boolean, limit: number) => {
  const parts: AuditPart[] = []
  let after: number | null = null
  do {
    const part: AuditPart = await store.listAuditEvents({ filter, after, limit, newestFirst })
    parts.push(part)
    after = part.next
  } while (after !== null)
  return parts
}

const DIRECTIONS = [true, false]

describe.each(DIRECTIONS)('steps of a read, newest first: %s', (newestFirst) => {
  it('find each row that fits once, for every combination of filters', async () => {
    for (const { filter, condition } of [...COMBINATIONS, ...RARE]) {
      const found = (await read(filter, newestFirst, 400)).flatMap(({ rows }) => rows)
      const order = newestFirst ? 'desc' : 'asc'
      const wanted = raw
        .prepare(`select seq from audit_events where ${condition} order by seq ${order}`)
        .pluck()
        .all()
      expect(
        found.map(({ seq }) => seq),
        condition,
      ).toEqual(wanted)
    }
  })

  it('end at the limit, and after many rows that do not fit', async () => {
    const nothing = { actor: 'cli:me', outcome: 'success', target: 'none' } as const
    for (const filter of [{ ...nothing, target: undefined }, { since: NOW + 1 }, {}]) {
      const parts = await read(filter, newestFirst, 100)
      expect(Math.max(...parts.map(({ rows }) => rows.length))).toBe(100)
    }
    const few = await read({ workspaceId: 'initech' }, newestFirst, 100)
    expect(few).toHaveLength(Math.floor(ROWS / STEP_ROWS) + 1)
  })
})

it('step reads no further than upTo', async () => {
  for (const filter of [{}, { actor: 'cli:me' }, { workspaceId: 'acme' }, { since: NOW }]) {
    const page = { filter, after: null, upTo: 1_500, limit: ROWS, newestFirst: false }
    const found: number[] = []
    for (let after: number | null = null; ;) {
      const part = await store.listAuditEvents({ ...page, after })
      found.push(...part.rows.map(({ seq }) => seq))
      if (part.next === null) break
      after = part.next
    }
    expect(Math.max(...found)).toBeGreaterThan(1_400)
    expect(Math.max(...found)).toBeLessThanOrEqual(1_500)
  }
})

/** Statements that read every combination in both directions, from the start and from a row on. */
const statements = async (): Promise<string[]> => {
  prepared.mockClear()
  for (const { filter } of [...COMBINATIONS, ...RARE]) {
    for (const newestFirst of DIRECTIONS) {
      const page = { filter, limit: 100, newestFirst }
      await store.listAuditEvents({ ...page, after: null })
      await store.listAuditEvents({ ...page, after: ROWS / 2 })
      await store.listAuditEvents({ ...page, after: null, upTo: ROWS / 2 })
    }
  }
  return [...new Set(prepared.mock.calls.map(([sql]) => sql.replaceAll(/\s+/g, ' ').trim()))]
}

const planOf = (sql: string): string[] => {
  const values = Array.from({ length: sql.split('?').length - 1 }, () => 1)
  return (raw.prepare(`explain query plan ${sql}`).all(...values) as { detail: string }[]).map(
    ({ detail }) => detail,
  )
}

/** A read without a filter counts each row for the limit. */
const UNFILTERED =
  /from audit_events not indexed where (true|seq [<>] \?) order by seq( desc)? limit [^)]*$/
/** Bounds of the rows that are read: both ends, the end of a step, or an index with few rows. */
const BOUNDS = [/ offset \?$/, /limit \?\)$/, /seq <= \?/, /seq >= \?/, / indexed by /, UNFILTERED]

it('statements scan no table, and each has a bound', async () => {
  const all = await statements()
  expect(all.length).toBeGreaterThan(500)
  const unbounded = all.filter((sql) => {
    const scans = planOf(sql).filter((line) => /^SCAN (?!\(subquery|CONSTANT)/.test(line))
    return scans.length > 0 && !UNFILTERED.test(sql)
  })
  expect(unbounded).toEqual([])
  expect(all.filter((sql) => !BOUNDS.some((bound) => bound.test(sql)))).toEqual([])
  const sorted = all.filter((sql) => planOf(sql).some((line) => line.includes('TEMP B-TREE')))
  expect(sorted.filter((sql) => !sql.includes('indexed by audit_events_time'))).toEqual([])
})

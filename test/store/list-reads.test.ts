// List verbs of the store: the rows of each combination of filters in long tables, and a bound of
// every statement.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FEW_CLIENTS, LIST_STEP_ENTRIES, MAX_UNUSED_AT_A_TIME } from '../../src/constants.ts'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import type { Store } from '../../src/store/store.ts'
import { watchStatements } from '../support/statements.ts'
import { NOW, seed } from './contract/records.ts'

/** Far more rows in each table than one step reads. */
const ROWS = 3 * LIST_STEP_ENTRIES
const RARE = 1_499

const folder = mkdtempSync(join(tmpdir(), 'latchkey-lists-'))
let store: Store
let raw: BetterSqlite3.Database
/** The text of each statement by which the store has read tables since the first test of the verb. */
const executed = new Set<string>()
const stop = watchStatements(({ source, database }) => {
  const isRead = database !== raw && / from /.test(source)
  if (isRead) executed.add(source.replaceAll(/\s+/g, ' ').trim())
})

/** Three rows a second; every value is frequent or rare. */
const made = `${NOW} + n.i / 3`
const fill = (columns: string, values: string): string => `
  with recursive n(i) as (select 0 union all select i + 1 from n where i < ${ROWS - 1})
  insert into ${columns} select ${values} from n;`

const id = (prefix: string): string => `'${prefix}' || substr('0000' || ((i * 7) % ${ROWS}), -4)`
const rare = (value: string, other: string): string => `iif(i = ${RARE}, '${value}', '${other}')`

const FILLED = [
  fill(
    'workspaces (id, name, status, etag, created_at)',
    `${id('w')}, '', ${rare('suspended', 'active')}, '', ${made}`,
  ),
  fill(
    'audiences (id, requires_plugin, algorithm, etag, created_at)',
    `${id('a')}, i % 2, ${rare('ES256', 'RS256')}, '', ${made}`,
  ),
  fill(
    'plugins (id, name, trust, status, capabilities, etag, created_at)',
    `${id('p')}, '', ${rare('bundled', 'trusted')},
      case when i % 5 = 0 then 'deleted' when i % 3 = 1 then 'disabled' else 'active' end, iif(i % 500 = 7, '["x","y"]', '["x"]'), '', ${made}`,
  ),
  fill(
    'clients (id, name, workspace_id, status, unused_after, etag, created_at)',
    `${id('c')}, 'n' || (i % 4), iif(i % 3 = 0, 'acme', 'default'),
      case when i % 5 = 0 then 'deleted' when i % 301 = 1 then 'disabled' else 'active' end,
      iif(i % 7 = 0, 100, null), '', ${made}`,
  ),
  `insert into client_plugins select id, 'common' from clients where name <> 'n0';
   insert into client_plugins select id, 'scarce' from clients where status = 'disabled';
   insert into client_grants select id, 'hook', 'hook:track' from clients where name <> 'n1';
   insert into client_grants select id, 'api', 'read' from clients where unused_after > 0 and name = 'n2';`,
  fill(
    'client_secrets (id, client_id, hash, hint, created_at, expires_at, revoked_at)',
    `${id('s')}, 'c0000', 'h' || i, '', ${made}, case when i % 3 = 0 then ${NOW} - 1
      when i = 1 then ${NOW} + 9 end, iif(i % 3 = 1 and i > 1 or i % 3 = 2 and i > 5, 1, null)`,
  ),
  fill(
    'resources (type, id, workspace_id, parts, status, etag, created_at)',
    `${rare('room', 'playlist')}, ${id('r')}, iif(i % 3 = 0, 'acme', 'default'), '[]',
      iif(i % 5 = 0, 'deleted', 'active'), '', ${made}`,
  ),
  fill(
    'enrollments (id, name, hash, workspace_id, plugins, grants, details, created_at, expires_at)',
    `${id('e')}, '', 'h' || i, iif(i % 3 = 0, 'acme', 'default'), '[]', '[]', '[]', ${made}, ${NOW}`,
  ),
  fill(
    'closed_runs (value, rule_value, workspace_id, identifier, created_at)',
    `${id('v')}, iif(i % 2, 'r' || i, null), case i % 3 when 0 then 'acme' when 1 then 'default' end, 'run' || i, ${made}`,
  ),
  fill(
    'revocations (kind, value, gen, client_id, created_at)',
    `case when i % 4 = 0 then 'run' when i % 301 = 1 then 'client' when i % 301 = 2 then 'plugin' else 'jti' end,
      case when i % 4 = 0 then iif(i % 2, 'r' || i, ${id('v')}) when i % 301 = 1 then ${id('c')} else 'j' || i end,
      null, iif(i % 4 = 0 or i % 301 < 3, null, ${id('c')}), ${NOW}`,
  ),
].join('\n')

beforeAll(async () => {
  store = openBetterSqlite3Store(join(folder, 'latchkey.db'))
  await store.bootstrap(seed, NOW, () => {})
  raw = new BetterSqlite3(join(folder, 'latchkey.db'))
  raw.pragma('foreign_keys = off')
  raw.exec(
    `insert into workspaces (id, name, etag, created_at) values ('acme', '', '', 1);` + FILLED,
  )
})
afterAll(async () => {
  stop()
  raw.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

type Filter = { filter: Record<string, unknown>; sql: string }
type Row = { id?: string; createdAt: number; type?: string; seq?: number; kid?: string }

type Verb = {
  /** The filters, each with an SQL condition of the same meaning; each set of them is tried. */
  filters?: Filter[]
  /** Statement for all rows of the list, with the columns of their position. */
  rows: string
  list: (filter: object, part: { after?: never; limit?: number }) => Promise<unknown[]>
  /** True for a verb that does not read in parts. */
  isWhole?: boolean
}

const NAMED = ['0003', '0500', '1499', '9999']
const named = (prefix: string): Filter => {
  const ids = NAMED.map((number) => prefix + number)
  return { filter: { ids }, sql: `id in (${ids.map((one) => `'${one}'`).join(', ')})` }
}

/** Condition for the rules of a workspace. */
const OF_ACME = `(kind = 'client' and value in (select id from clients where workspace_id = 'acme')
  or client_id in (select id from clients where workspace_id = 'acme')
  or kind = 'run' and (value in (select value from closed_runs where workspace_id = 'acme')
    or value in (select rule_value from closed_runs where workspace_id = 'acme')))`

const ofAcme: Filter = { filter: { workspaceId: 'acme' }, sql: `workspace_id = 'acme'` }

const VERBS: Record<string, Verb> = {
  listWorkspaces: {
    filters: [named('w'), { filter: { status: 'suspended' }, sql: `status = 'suspended'` }],
    rows: 'select created_at, id from workspaces',
    list: (filter, part) => store.listWorkspaces(filter, part),
  },
  listAudiences: {
    filters: [
      named('a'),
      { filter: { requiresPlugin: true }, sql: 'requires_plugin = 1' },
      { filter: { algorithm: 'ES256' }, sql: `algorithm = 'ES256'` },
    ],
    rows: 'select created_at, id from audiences',
    list: (filter, part) => store.listAudiences(filter, part),
  },
  listPlugins: {
    filters: [
      named('p'),
      { filter: { trust: 'bundled' }, sql: `trust = 'bundled'` },
      { filter: { capability: 'y' }, sql: `capabilities like '%y%'` },
      { filter: { status: 'disabled' }, sql: `status = 'disabled'` },
    ],
    rows: `select created_at, id from plugins where status <> 'deleted'`,
    list: (filter, part) => store.listPlugins(filter, part),
  },
  listDeletedPlugins: {
    rows: `select created_at, id from plugins where status = 'deleted' and ${named('p').sql}`,
    list: () => store.listDeletedPlugins(NAMED.map((number) => `p${number}`)),
    isWhole: true,
  },
  listClients: {
    filters: [
      ofAcme,
      { filter: { status: 'disabled' }, sql: `status = 'disabled'` },
      { filter: { name: 'n2' }, sql: `name = 'n2'` },
      {
        filter: { pluginId: 'common' },
        sql: `id in (select client_id from client_plugins where plugin_id = 'common')`,
      },
      {
        filter: { audience: 'hook' },
        sql: `id in (select client_id from client_grants where audience_id = 'hook')`,
      },
    ],
    rows: `select created_at, id from clients where status <> 'deleted'`,
    list: (filter, part) => store.listClients(filter, part),
  },
  'listClients with few': {
    filters: [
      { filter: { pluginId: 'scarce' }, sql: `status = 'disabled'` },
      {
        filter: { audience: 'api' },
        sql: `id in (select client_id from client_grants where audience_id = 'api')`,
      },
      ofAcme,
      { filter: { name: 'n2' }, sql: `name = 'n2'` },
    ],
    rows: `select created_at, id from clients where status <> 'deleted'`,
    list: (filter, part) => store.listClients(filter, part),
  },
  listUnusedClients: {
    rows: `select created_at, id from clients where status = 'active' and unused_after > 0`,
    list: () => store.listUnusedClients(NOW + 1e6),
    isWhole: true,
  },
  listSecrets: {
    rows: `select created_at, id from client_secrets where client_id = 'c0000' and revoked_at is null
      and (expires_at is null or expires_at > ${NOW})`,
    list: async () => (await store.listSecrets('c0000', NOW)).toReversed(),
    isWhole: true,
  },
  listResources: {
    filters: [{ filter: { type: 'room' }, sql: `type = 'room'` }, ofAcme],
    rows: `select created_at, type || ' ' || id from resources where status = 'active'`,
    list: (filter, part) => store.listResources(filter, part),
  },
  listEnrollments: {
    filters: [ofAcme],
    rows: 'select created_at, id from enrollments',
    list: (filter, part) => store.listEnrollments(filter, part),
  },
  listClosedRuns: {
    filters: [ofAcme],
    rows: 'select created_at, value from closed_runs',
    list: (filter, part) => store.listClosedRuns(filter, part),
  },
  listRevocations: {
    filters: [
      { filter: { kind: 'jti' }, sql: `kind = 'jti'` },
      { filter: { workspaceId: 'acme' }, sql: OF_ACME },
      {
        filter: { clientId: 'c0007' },
        sql: `(client_id = 'c0007' or kind = 'client' and value = 'c0007')`,
      },
    ],
    rows: 'select seq, seq from revocations',
    list: (filter, part) => store.listRevocations(filter, part),
  },
  'listRevocations of a rare kind': {
    filters: [
      { filter: { kind: 'client' }, sql: `kind = 'client'` },
      { filter: { workspaceId: 'acme' }, sql: OF_ACME },
    ],
    rows: 'select seq, seq from revocations',
    list: (filter, part) => store.listRevocations(filter, part),
  },
  listResourceTypes: {
    rows: `select 1, type from resources where status = 'active' group by type`,
    list: async () => (await store.listResourceTypes()).map((type) => ({ createdAt: 1, id: type })),
    isWhole: true,
  },
}

/** Verbs whose tables are short, or whose statements are held to their bounds by tests of their own. */
const ELSEWHERE: Record<string, string> = {
  listKeys: 'one row for each rotation and emergency, and all are published together',
  listAuditEvents: 'audit-reads.test.ts',
  listAuditSeals: 'by the primary key, with a limit',
  listRevocationPageEnds: 'by the primary key, with a limit for each',
}

const placeOf = (row: Row): string =>
  row.seq !== undefined
    ? `${row.seq} ${row.seq}`
    : `${row.createdAt} ${row.type === undefined ? '' : `${row.type} `}${row.id}`

const combinationsOf = ({ filters = [] }: Verb) =>
  Array.from({ length: 2 ** filters.length }, (_, bits) =>
    filters.filter((_filter, i) => (bits & (2 ** i)) !== 0),
  ).map((chosen) => ({
    filter: Object.assign({}, ...chosen.map(({ filter }) => filter)) as Record<string, unknown>,
    condition: ['true', ...chosen.map(({ sql }) => sql)].join(' and '),
  }))

const wantedBy = ({ rows }: Verb, condition: string): string[] =>
  (
    raw
      .prepare(`${rows} ${rows.includes('where') ? 'and' : 'where'} ${condition} order by 1, 2`)
      .raw()
      .all() as [number, string][]
  ).map(([at, name]) => `${at} ${name}`)

const LISTS = Object.entries(VERBS)

it('table has every list verb', () => {
  const verbs = Object.keys(store).filter((name) => name.startsWith('list'))
  const tested = LISTS.map(([title]) => title.split(' ')[0] ?? '')
  expect([...new Set([...tested, ...Object.keys(ELSEWHERE)])].toSorted()).toEqual(verbs.toSorted())
})

/** Names the table that the statement of a list reads. */
const tableOf = ({ rows }: Verb): string => / from (\w+)/.exec(rows)?.[1] ?? ''

describe.each(LISTS)('%s', (_title, verb) => {
  beforeAll(() => executed.clear())

  it('has more rows in its table than one step reads', () => {
    const table = tableOf(verb)
    const count = raw.prepare(`select count(*) from ${table}`).pluck().get()
    expect(count, `fill the table in FILLED: ${table}`).toBeGreaterThanOrEqual(ROWS)
  })

  it('finds the rows that fit, each once, for every combination of filters', async () => {
    for (const { filter, condition } of combinationsOf(verb)) {
      const wanted = verb.rows.includes('group by')
        ? ['1 playlist', '1 room']
        : wantedBy(verb, condition)
      const found = (await verb.list(filter, {})) as Row[]
      expect(found.map(placeOf), condition).toEqual(wanted)
    }
  })

  it.skipIf(verb.isWhole)('continues behind any row, and ends at the limit', async () => {
    for (const { filter, condition } of combinationsOf(verb)) {
      const wanted = wantedBy(verb, condition)
      const all = (await verb.list(filter, {})) as Row[]
      for (const at of [0, 1, Math.floor(all.length / 2), all.length - 1]) {
        const row = all[at]
        if (row === undefined) continue
        const position = { ...row, id: row.type === undefined ? row.id : `${row.type} ${row.id}` }
        const after = (row.seq ?? position) as never
        const part = (await verb.list(filter, { after, limit: 30 })) as Row[]
        expect(part.map(placeOf), condition).toEqual(wanted.slice(at + 1, at + 31))
      }
    }
  })

  it('reads a bounded number of rows in each statement, by an index', async () => {
    for (const { filter } of combinationsOf(verb)) {
      await verb.list(filter, {})
      await verb.list(filter, { limit: 20 })
    }
    const statements = [...executed]
    expect(statements.length).toBeGreaterThan(0)
    expect(statements.flatMap(faultsOf)).toEqual([])
  })
})

const planOf = (sql: string): string[] => {
  const values = Array.from({ length: sql.split('?').length - 1 }, () => '[]')
  return (raw.prepare(`explain query plan ${sql}`).all(...values) as { detail: string }[]).map(
    ({ detail }) => detail,
  )
}

/** Rows that are named one by one: a statement reads and sorts no others. */
const BY_NAME = /\bid"? in \(select value from json_each\(\?\)\)/
/** Statement that goes from one type to the next. */
const BY_LEAPS = /^select type from \(with recursive found/
/** Ends of statements that read the rows of a step, of one key, or of live secrets. */
const BOUNDS = [
  /limit (1 offset )?\?\)?$/,
  /client_secrets_live/,
  /from "workspaces" where "workspaces"."id" = \?$/,
  BY_NAME,
  BY_LEAPS,
]
/** Lines of a plan that look rows up by an index, or read a source as short as one row. */
const BOUNDED_LINE = new RegExp(
  [
    '^SEARCH ',
    '^SCAN (json_each|a|found|CONSTANT ROW|\\(subquery)',
    '^MULTI-INDEX OR$',
    '^INDEX \\d+$',
    '^(CO-ROUTINE|MATERIALIZE|COMPOUND|UNION ALL|LEFT-MOST|RECURSIVE STEP|SETUP|REUSE LIST)',
    '^(CORRELATED )?(SCALAR|LIST) SUBQUERY',
    '^CREATE BLOOM FILTER',
    '^USE TEMP B-TREE FOR (DISTINCT|json_group_array)',
  ].join('|'),
)

const faultsOf = (sql: string): string[] => {
  const isSorted = (line: string) => line.startsWith('USE TEMP B-TREE FOR ORDER BY')
  const plan = planOf(sql).filter((line) => !(BY_NAME.test(sql) && isSorted(line)))
  return [
    ...plan.filter((line) => !BOUNDED_LINE.test(line)).map((line) => `${line}: ${sql}`),
    ...(BOUNDS.some((bound) => bound.test(sql)) ? [] : [`no bound: ${sql}`]),
  ]
}

it('read of many rows that do not fit lets other work run between its steps', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  await store.listClients({ name: 'n2', status: 'disabled', workspaceId: 'nobody' })
  await store.listPlugins({ capability: 'none' })
  clearInterval(timer)
  expect(turns).toBeGreaterThanOrEqual(ROWS / LIST_STEP_ENTRIES - 1)
})

it('rows of this test lie on both sides of FEW_CLIENTS, and below MAX_UNUSED_AT_A_TIME', () => {
  const count = (sql: string) => raw.prepare(sql).pluck().get() as number
  expect(count(`select count(*) from client_plugins where plugin_id = 'scarce'`)).toBeLessThan(
    FEW_CLIENTS,
  )
  expect(count(`select count(*) from client_plugins where plugin_id = 'common'`)).toBeGreaterThan(
    FEW_CLIENTS,
  )
  expect(count(`select count(*) from clients where unused_after > 0`)).toBeLessThan(
    MAX_UNUSED_AT_A_TIME,
  )
})

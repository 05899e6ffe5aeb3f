// Reads of a long revocation list: no statement reads more rules than it returns. Strangers may ask
// for any cursor, and the process answers no request while a statement runs.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import type { Store } from '../../src/store/store.ts'
import { NOW, seed } from './contract/records.ts'

const RULES = 30_000

const folder = mkdtempSync(join(tmpdir(), 'latchkey-rules-'))
const path = join(folder, 'latchkey.db')
let store: Store
let raw: BetterSqlite3.Database
/** The text of each statement that the store prepares. */
const prepared = vi.spyOn(BetterSqlite3.prototype, 'prepare')

beforeAll(async () => {
  store = openBetterSqlite3Store(path)
  await store.bootstrap(seed, NOW, () => {})
  raw = new BetterSqlite3(path)
  raw.exec(`insert into revocations (seq, kind, value, client_id, expires_at, created_at)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${RULES})
    select i, 'jti', 'jti-' || i, 'lkc_1', ${NOW} + i % 900, ${NOW} from n;
    update revocation_counter set seq = ${RULES}`)
})
afterAll(async () => {
  prepared.mockRestore()
  raw.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

/** Statements for pages and their ends, except those of this test. */
const PAGE_READ = /^\s*(?!explain)\w[^]*(?:group_concat|recursive ends)/

/** Query plans of the statements that strangers can cause. */
const plans = (): string[] => {
  const texts = prepared.mock.calls.map(([text]) => text)
  const reads = new Set(texts.filter((text) => PAGE_READ.test(text)))
  expect(reads.size).toBe(2)
  return [...reads].flatMap((text) => {
    const statement = `explain query plan ${text}`
    const values = Array(text.split('?').length - 1).fill(1)
    const rows = raw.prepare(statement).all(...values) as { detail: string }[]
    return rows.map(({ detail }) => detail)
  })
}

const aliveAt = NOW - 60

describe('read of a page or of page ends', () => {
  it('uses the number of the rule', async () => {
    const [first] = await store.listRevocationPageEnds({ after: 0, aliveAt, limit: 5_000 })
    expect(first).toBe(5_000)
    const page = { after: 5_000, until: null, aliveAt, limit: 5_000 }
    expect(await store.readRevocationPage(page)).toMatchObject({ count: 5_000, end: 10_000 })
    const onRules = plans().filter((detail) => / revocations/.test(detail))
    expect(onRules.length).toBeGreaterThan(3)
    // An index on the expiry would read each rule behind the place for each of its ends.
    expect(onRules.filter((detail) => !/USING INTEGER PRIMARY KEY/.test(detail))).toEqual([])
    expect(plans().filter((detail) => /MULTI-INDEX|TEMP B-TREE/.test(detail))).toEqual([])
  })

  it.each([0, 1, 12_345, 24_999, 25_000, 29_999])('finds the ends behind %i', async (after) => {
    const ends = await store.listRevocationPageEnds({ after, aliveAt, limit: 5_000 })
    const expected = [1, 2, 3, 4, 5].map((i) => after + 5_000 * i).filter((end) => end < RULES)
    expect(ends).toEqual(expected)
  })
})

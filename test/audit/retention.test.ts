// Retention: rows past their retention are cut with a proof, by any number of processes.
import { describe, expect, it } from 'vitest'
import { AUDIT_CUT_DELAY_SECONDS, MAX_AUDIT_CUTS, MAX_SEALED_ROWS } from '../../src/constants.ts'
import { Unavailable } from '../../src/errors.ts'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import type { Store } from '../../src/store/store.ts'
import { live } from '../support/clock.ts'
import {
  DAY,
  INTACT,
  RETENTION,
  type Table,
  actions,
  event,
  filledTable,
  openTable,
  upkeepOf,
} from './table.ts'

describe('retention', () => {
  it('cuts at seals, records the cut, and leaves an intact table', async () => {
    const table = await filledTable()
    table.advance(DAY)
    await table.write(14)
    await table.upkeep.run()
    table.advance(RETENTION - DAY / 2)
    await table.upkeep.run()
    expect((await actions(table)).map(([seq]) => seq)).toEqual([12, 13, 14, 15])
    expect((await actions(table)).at(-1)).toEqual([15, 'audit.cut', '11'])
    expect(await table.verify()).toMatchObject({
      ...INTACT,
      checked: 3,
      sealed_to: 14,
      unsealed: 1,
    })
    await table.upkeep.run()
    expect(await table.verify()).toMatchObject({ ...INTACT, checked: 4, sealed_to: 15 })
  })

  it('leaves newer rows, and waits AUDIT_CUT_DELAY_SECONDS between cuts', async () => {
    const table = await filledTable()
    table.advance(RETENTION - 3 * 60 + AUDIT_CUT_DELAY_SECONDS)
    await table.upkeep.run()
    expect(await actions(table)).toHaveLength(13)
    table.advance(1)
    await table.upkeep.run()
    expect(await actions(table)).toEqual([[14, 'audit.cut', '13']])
  })

  it('cuts whole seals only', async () => {
    const table = await openTable()
    await table.write(1)
    await table.upkeep.run()
    await table.write(2)
    table.advance(RETENTION)
    await table.write(3)
    await table.upkeep.run()
    table.advance(AUDIT_CUT_DELAY_SECONDS)
    table.advance(1)
    await table.upkeep.run()
    expect((await actions(table)).map(([seq]) => seq)).toEqual([2, 3, 4])
    expect(await table.verify()).toMatchObject(INTACT)
  })

  it('keeps a row that a wrong clock dated later, and all rows after it', async () => {
    const table = await filledTable()
    table.sql('update audit_events set created_at = created_at + 10 * 86400 where seq = 7')
    table.advance(RETENTION + DAY)
    await table.upkeep.run()
    expect((await actions(table)).map(([seq]) => seq)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
  })

  it('can be switched off', async () => {
    const table = await filledTable()
    table.advance(100 * RETENTION)
    await upkeepOf(table.server, { retentionSeconds: null }).run()
    expect(await actions(table)).toHaveLength(13)
  })

  it('keeps the record of the last cut only', async () => {
    const table = await openTable()
    for (let day = 0; day < 10; day++) {
      await table.write(day)
      await live(table.store, table.seconds())
      await upkeepOf(table.server, { retentionSeconds: 2 * DAY }).run()
      expect(await table.verify()).toMatchObject(INTACT)
      table.advance(DAY)
    }
    const [anchor, ...seals] = await table.store.listAuditSeals(0, 100)
    expect(anchor).toMatchObject({ digests: null, cutMac: expect.any(String) })
    expect(seals.every(({ cutMac }) => cutMac === null)).toBe(true)
    table.sql(`insert into audit_events select 1, created_at, actor, action, target, outcome, reason,
      request_id, address, count from audit_events order by seq limit 1`)
    expect(await table.findings()).toEqual([['added', 1, 1]])
    table.sql(
      `delete from audit_events where seq = 1; delete from audit_seals where digests is null`,
    )
    expect((await table.findings()).map(([finding]) => finding)).toEqual([
      'seal_missing',
      'missing',
    ])
  })

  it.each(['listAuditSeals', 'listAuditEvents'] as const)(
    'leaves a simultaneous check intact: after the first %s',
    async (verb) => {
      const table = await filledTable()
      table.advance(RETENTION + DAY)
      await live(table.store, table.seconds())
      const { deps, store } = table
      let asked = 0
      const read = store[verb] as (...args: unknown[]) => Promise<unknown>
      const readThenCut = async (...args: unknown[]) => {
        const rows = await read(...args)
        if (asked++ === 0) await upkeepOf(table.server).run()
        return rows
      }
      Object.assign(deps.store, { [verb]: readThenCut })
      expect(await table.verify()).toMatchObject(INTACT)
      expect(asked).toBeGreaterThan(1)
      expect(await actions(table)).not.toHaveLength(13)
    },
  )
})

/** Makes rows that fill this many seals, all past their retention. */
const longTable = async (seals: number): Promise<Table> => {
  const table = await openTable()
  table.sql(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${seals * MAX_SEALED_ROWS})
    insert into audit_events (created_at, actor, action, target, outcome)
    select ${table.seconds()}, 'cli:me', 'client.disable', i, 'refused' from n`)
  await table.upkeep.run()
  table.advance(RETENTION + DAY)
  return table
}

const rowsOf = (table: Table): number =>
  Number(table.query('select count(*) as n from audit_events')[0]?.['n'])

/** Wraps each cut. */
const aroundCuts = (table: Table, around: (cut: () => Promise<void>) => Promise<void>): void => {
  const { store } = table.deps
  const cutAudit = store.cutAudit.bind(store)
  Object.assign(store, {
    cutAudit: (...cut: Parameters<typeof cutAudit>) => around(() => cutAudit(...cut)),
  })
}

describe('long table', () => {
  it('is cut one seal at a time, with other work between, and with one event a minute', async () => {
    const seals = MAX_AUDIT_CUTS + 3
    const table = await longTable(seals)
    const taken: number[] = []
    let turns = 0
    const turnsBefore: number[] = []
    const timer = setInterval(() => turns++, 0)
    aroundCuts(table, async (cut) => {
      turnsBefore.push(turns)
      const before = rowsOf(table)
      await cut()
      taken.push(before - rowsOf(table))
    })
    await table.upkeep.run()
    expect(taken).toHaveLength(MAX_AUDIT_CUTS)
    expect(taken.every((rows) => rows <= MAX_SEALED_ROWS)).toBe(true)
    expect(turnsBefore.every((turn, i) => i === 0 || turn > (turnsBefore[i - 1] ?? 0))).toBe(true)
    expect(await table.verify()).toMatchObject(INTACT)
    table.advance(60)
    await table.upkeep.run()
    clearInterval(timer)
    expect(taken).toHaveLength(seals)
    const cuts = (await actions(table)).filter(([, action]) => action === 'audit.cut')
    expect(cuts.map(([, , target]) => Number(target))).toEqual(
      [MAX_AUDIT_CUTS, seals].map((end) => end * MAX_SEALED_ROWS),
    )
    expect(await table.verify()).toMatchObject(INTACT)
  })

  it('is intact after a partial cut, and its next cut records how far it came', async () => {
    const table = await longTable(4)
    let cuts = 0
    aroundCuts(table, async (cut) => {
      if (++cuts === 3) throw new Unavailable('SQLITE_FULL')
      await cut()
    })
    await table.upkeep.run()
    expect(rowsOf(table)).toBe(2 * MAX_SEALED_ROWS)
    expect(await table.verify()).toMatchObject(INTACT)
    await table.upkeep.run()
    expect(await actions(table)).toEqual([[expect.any(Number), 'audit.cut', '4000']])
    expect(await table.verify()).toMatchObject(INTACT)
  })
})

describe('two processes on one file', () => {
  it('seal and cut at once, and each row once', async () => {
    const table = await openTable()
    const other = openBetterSqlite3Store(table.path)
    const stores: Store[] = [table.store, other]
    const upkeeps = stores.map((store) =>
      upkeepOf({ ...table.server, deps: { ...table.deps, store } }, { retentionSeconds: 5 * DAY }),
    )
    for (let day = 0; day < 20; day++) {
      const writing = stores.map((store) =>
        store.addAuditEvents([{ ...event('x'), count: 1 }], table.seconds()),
      )
      await Promise.all([...upkeeps.map((upkeep) => upkeep.run()), ...writing])
      expect(await table.verify()).toMatchObject(INTACT)
      table.advance(DAY)
    }
    await Promise.all(upkeeps.map((upkeep) => upkeep.run()))
    expect(await table.verify()).toMatchObject(INTACT)
    const cuts = (await actions(table)).filter(([, action]) => action === 'audit.cut')
    expect(new Set(cuts.map(([, , target]) => target)).size).toBe(cuts.length)
    expect(cuts.length).toBeGreaterThan(0)
    expect(table.lines.filter(({ level }) => level >= 50)).toEqual([])
    await other.close()
  })
})

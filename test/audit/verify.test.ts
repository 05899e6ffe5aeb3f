// Check of an audit table that was changed in the database: each change is found and named.
import { describe, expect, it } from 'vitest'
import { exportAudit, listAudit, verifyAudit } from '../../src/admin/audit.ts'
import { cutMacOf, sealingKey } from '../../src/audit/seals.ts'
import { adminOf } from '../support/admin.ts'
import { ROWS, SEALS, drop, dropSeal, set, setSeal, swap } from './damage.ts'
import { filledTable, openTable, upkeepOf } from './table.ts'

const OTHER_KEK = new Uint8Array(32).fill(8)

const forgedCut = (mac: string): string =>
  drop('seq <= 8') + dropSeal('last_seq < 8') + setSeal(8, `digests = null, cut_mac = '${mac}'`)

describe('untouched audit table', () => {
  it('is intact', async () => {
    const table = await filledTable()
    expect(await table.verify()).toEqual({
      intact: true,
      checked: 11,
      sealed_to: 11,
      sealed_at: '2026-01-01T00:02:00Z',
      sealed_mac: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      unsealed: 2,
      found: 0,
      findings: [],
    })
    await table.upkeep.run()
    expect(await table.verify()).toMatchObject({ intact: true, checked: 13, unsealed: 0 })
  })

  it('is intact when it is empty', async () => {
    const { verify } = await openTable()
    expect(await verify()).toEqual({
      intact: true,
      checked: 0,
      sealed_to: null,
      sealed_at: null,
      sealed_mac: null,
      unsealed: 0,
      found: 0,
      findings: [],
    })
  })

  it('verify reads a table of 2,500 events in pages', async () => {
    const table = await openTable()
    const events = Array.from({ length: 2_500 }, (_, i) => ({
      actor: 'a',
      action: 'b',
      target: `${i}`,
      outcome: 'success' as const,
      count: 1,
    }))
    await table.store.addAuditEvents(events, table.seconds())
    await table.upkeep.run()
    expect(await table.store.listAuditSeals(0, 100)).toHaveLength(3)
    expect(await table.verify()).toMatchObject({ intact: true, checked: 2_500, sealed_to: 2_500 })
    table.sql(swap(999, 2_001))
    expect(await table.findings()).toEqual([
      ['moved', 999, 999],
      ['moved', 2_001, 2_001],
    ])
    table.sql(`update audit_events set count = 2`)
    const { found, findings } = await table.verify()
    expect([found, findings.length]).toEqual([2_500, 1_000])
  })
})

describe('check of the audit', () => {
  it.each([...ROWS, ...SEALS])('finds a change of %s', async (_what, sql, ...findings) => {
    const table = await filledTable()
    table.sql(sql)
    expect(await table.verify()).toMatchObject({ intact: false, found: findings.length })
    expect(await table.findings()).toEqual(findings)
  })

  it('finds a row in a place that was empty when it was sealed', async () => {
    const table = await openTable()
    await table.write(1, 2, 3)
    table.sql(drop('seq = 2'))
    await table.upkeep.run()
    expect(await table.findings()).toEqual([['missing', 2, 2]])
    table.sql(`insert into audit_events select 2, created_at, actor, action, 'forged', outcome, reason,
      request_id, address, count from audit_events where seq = 3`)
    expect(await table.findings()).toEqual([['added', 2, 2]])
  })

  it('finds a changed end of a seal', async () => {
    for (const [end, sealed] of [
      [7, 8],
      [9, 9],
    ]) {
      const table = await filledTable()
      table.sql(setSeal(8, `last_seq = ${end}`))
      expect(await table.findings()).toContainEqual(['seal_changed', 5, end])
      expect(
        (await table.findings()).every(([, seq]) => seq === 5 || Number(seq) <= Number(sealed)),
      ).toBe(true)
    }
  })

  it('finds a cut that retention did not make', async () => {
    const table = await filledTable()
    const [, seal] = await table.store.listAuditSeals(0, 2)
    if (seal === undefined) throw new Error('there is no second seal')
    const macs = ['x', seal.mac, cutMacOf(seal, sealingKey(OTHER_KEK))]
    for (const mac of macs) {
      table.sql(forgedCut(mac))
      expect(await table.findings()).toEqual([
        ['cut_forged', 1, 8],
        ['seal_missing', 1, 4],
        ['missing', 1, 8],
      ])
    }
    table.sql(forgedCut(cutMacOf(seal, sealingKey(table.deps.kek))))
    expect(await table.findings()).toEqual([])
  })

  it('finds a mark of a cut in place', async () => {
    const table = await filledTable()
    table.sql(setSeal(8, `cut_mac = 'x'`))
    expect(await table.findings()).toEqual([['cut_forged', 5, 8]])
  })

  it('finds a table that was sealed anew with another key', async () => {
    const table = await filledTable()
    table.sql(dropSeal('true') + set(6, `actor = 'cli:you'`))
    await upkeepOf(table.server, { kek: OTHER_KEK }).run()
    expect((await table.findings())[0]).toEqual(['seal_changed', 1, 13])
    expect((await table.findings()).slice(1)).toEqual(
      Array.from({ length: 13 }, (_, i) => ['changed', i + 1, i + 1]),
    )
    const admin = adminOf(table.server)
    const other = { ...admin, deps: { ...admin.deps, kek: OTHER_KEK } }
    expect(await verifyAudit(other)).toMatchObject({ intact: true })
  })

  it('reports the former place of a row', async () => {
    const table = await filledTable()
    table.sql(swap(5, 6))
    expect((await table.verify()).findings).toEqual([
      { finding: 'moved', seq: 5, last_seq: 5, detail: 'the row was sealed with the number 6' },
      { finding: 'moved', seq: 6, last_seq: 6, detail: 'the row was sealed with the number 5' },
    ])
  })
})

describe('damaged table', () => {
  it('can still be listed and exported', async () => {
    const table = await filledTable()
    table.sql(set(6, `created_at = 'never', count = 'many'`) + set(7, 'created_at = 9e300'))
    table.sql(set(13, 'seq = 9007199254740993')) // the number is not exact in JavaScript: it is read once, not endlessly
    const admin = adminOf(table.server)
    const { items: listed } = await listAudit(admin, { limit: 8 })
    expect(listed.map(({ seq }) => seq)).toEqual([2 ** 53, 12, 11, 10, 9, 8, 7, 6])
    expect(listed.at(-1)).toMatchObject({ time: null, count: 'many', target: '6' })
    const exported: number[] = []
    for await (const { seq } of (await exportAudit(admin)).rows) exported.push(seq)
    expect(exported).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 2 ** 53])
  })
})

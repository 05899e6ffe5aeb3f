import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filledTable } from './table.ts'

describe('change of one column of a sealed row', () => {
  const TEXTS = ['actor', 'action', 'target', 'outcome', 'reason', 'request_id', 'address']
  const text = fc.record({
    column: fc.constantFrom(...TEXTS),
    value: fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0')),
  })
  const number = fc.record({
    column: fc.constantFrom('created_at', 'count', 'seq'),
    value: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.maxSafeInteger()),
  })

  it('is found for any column, row and value', async () => {
    const table = await filledTable()
    table.sql('create table kept as select * from audit_events')
    const changeOf = fc.tuple(fc.integer({ min: 1, max: 11 }), fc.oneof(text, number))
    await fc.assert(
      fc.asyncProperty(changeOf, async ([seq, { column, value }]) => {
        const literal = typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : value
        table.sql(`update or replace audit_events set ${column} = ${literal} where seq = ${seq}`)
        const rows = (name: string) => `select json_group_array(json_array(seq, created_at, actor,
          action, target, outcome, reason, request_id, address, count) order by seq) from ${name}`
        const [same] = table.query(`select (${rows('kept')}) = (${rows('audit_events')}) as same`)
        const { intact } = await table.verify()
        table.sql('delete from audit_events; insert into audit_events select * from kept')
        expect(intact).toBe(Boolean(same?.['same']))
      }),
      { numRuns: 150 },
    )
    expect(await table.verify()).toMatchObject({ intact: true })
  })
})

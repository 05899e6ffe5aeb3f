// Upkeep: the jobs of each minute beside the requests.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { startUpkeep } from '../../src/node/every-minute.ts'
import { live } from '../support/clock.ts'
import { DAY, INTACT, RETENTION, type Table, actions, filledTable, upkeepOf } from './table.ts'

describe('newest seal', () => {
  const truncated = async (table: Table) =>
    (await actions(table))
      .filter(([, action]) => action === 'audit.seal')
      .map(([, , target]) => target)

  it.each([
    [
      'is gone with its rows',
      'delete from audit_seals where last_seq = 11; delete from audit_events where seq > 8',
    ],
    ['is gone', 'delete from audit_seals where last_seq = 11'],
    ['is another one', `update audit_seals set mac = 'x' where last_seq = 11`],
    ['is gone with all the others', 'delete from audit_seals; delete from audit_events'],
  ])('is reported missing once by the process that remembers it: it %s', async (_what, sql) => {
    const table = await filledTable()
    table.sql(sql)
    await table.upkeep.run()
    expect(await truncated(table)).toEqual(['11'])
    const page = { filter: { action: 'audit.seal' }, after: null, limit: 10, newestFirst: false }
    expect((await table.store.listAuditEvents(page)).rows).toMatchObject([
      { actor: 'server', outcome: 'refused', reason: 'audit_truncated' },
    ])
    expect(table.lines.at(-1)).toMatchObject({ level: 50, lastSeq: 11 })
    await table.upkeep.run()
    expect(await truncated(table)).toEqual(['11'])
  })

  it('may be cut by another process', async () => {
    const table = await filledTable()
    table.advance(RETENTION + DAY)
    await live(table.store, table.seconds())
    await upkeepOf(table.server).run()
    expect(await table.store.listAuditSeals(0, 1)).toMatchObject([{ lastSeq: 13, digests: null }])
    await table.upkeep.run()
    expect(await truncated(table)).toEqual([])
  })

  it('is reported missing when another process continued without it', async () => {
    const table = await filledTable()
    table.sql('delete from audit_seals where last_seq = 11')
    await upkeepOf(table.server).run()
    await table.upkeep.run()
    expect(await truncated(table)).toEqual(['11'])
  })
})

describe('upkeep step', () => {
  it.each([
    ['touchSecrets', 'the times of last use of secrets could not be written'],
    ['listAuditEvents', 'new audit events could not be sealed'],
    ['cutAudit', 'old audit events could not be deleted'],
  ] as const)('fails alone: %s', async (verb, message) => {
    const table = await filledTable()
    table.deps.secretUsed('secret')
    table.advance(RETENTION + DAY)
    table.fail(verb, new Unavailable('SQLITE_FULL'))
    await table.upkeep.run()
    const errors = table.lines.filter(({ level }) => level >= 50)
    expect(errors[0]).toMatchObject({
      msg: message,
      reason: expect.stringContaining('SQLITE_FULL'),
    })
    table.heal()
    table.lines.length = 0
    await table.upkeep.run()
    expect(table.lines).toEqual([])
    expect(await table.verify()).toMatchObject(INTACT)
  })
})

describe('upkeep timer', () => {
  afterEach(() => vi.useRealTimers())

  it('runs soon after the start, once a minute, never twice at once, and once more at the end', async () => {
    vi.useFakeTimers()
    let [begun, ended] = [0, 0]
    let finish = (): void => {}
    const run = async (): Promise<void> => {
      begun++
      await new Promise<void>((resolve) => (finish = resolve))
      ended++
    }
    const running = startUpkeep({ run })
    expect(begun).toBe(0)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(begun).toBe(1)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(begun).toBe(1)
    finish()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([begun, ended]).toEqual([2, 1])
    const stopped = running.stop()
    await vi.advanceTimersByTimeAsync(0)
    expect(begun).toBe(2)
    finish()
    await vi.advanceTimersByTimeAsync(0)
    expect([begun, ended]).toEqual([3, 2])
    finish()
    await stopped
    await vi.advanceTimersByTimeAsync(600_000)
    expect([begun, ended]).toEqual([3, 3])
    expect(vi.getTimerCount()).toBe(0)
  })
})

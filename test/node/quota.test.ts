// Quota: it counts the requests of its minute, whenever it was set.
import { describe, expect, it } from 'vitest'
import { createQuota } from '../../src/node/quota.ts'
import { createMinuteCounts } from '../../src/node/minute-counts.ts'

const passed = async (
  quota: ReturnType<typeof createQuota>,
  id: string,
  limits: (number | null)[],
) => {
  let count = 0
  for (const limit of limits) if ((await quota(id, limit)) === 0) count++
  return count
}
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

describe('quota', () => {
  it.each([
    ['set for the first time', [...times(20, null), ...times(6, 6)], 20],
    ['set with room left', [...times(4, null), ...times(6, 6)], 6],
    ['lowered', [...times(20, 30), ...times(6, 6)], 20],
    ['removed and set again', [...times(3, 6), ...times(2, null), ...times(6, 6)], 6],
    ['raised after requests without one', [...times(5, null), 1, ...times(9, 8)], 7],
  ])('counts earlier requests of the minute when it is %s', async (_, limits, expected) => {
    expect(await passed(createQuota(), 'c', limits)).toBe(expected)
  })

  it('counts each client apart', async () => {
    const quota = createQuota()
    await passed(quota, 'a', times(20, null))
    expect(await passed(quota, 'b', times(6, 6))).toBe(6)
  })

  it('ends with the minute in which it was set', async () => {
    let at = 0
    const quota = createQuota(() => at)
    await passed(quota, 'c', times(20, null))
    at = 50_500
    expect(await quota('c', 6)).toBe(10)
  })

  it('counts no request of an earlier minute', async () => {
    let at = 0
    const quota = createQuota(() => at)
    await passed(quota, 'c', times(20, null))
    at = 60_000
    expect(await passed(quota, 'c', times(6, 6))).toBe(6)
  })
})

describe('requests of clients without a quota', () => {
  const start = (most: number) => {
    const clock = { at: 0 }
    return { clock, counts: createMinuteCounts({ monotonic: () => clock.at, most }) }
  }

  it('take returns each count once, and forgets it', () => {
    const { counts } = start(10)
    counts.note('c')
    counts.note('c')
    expect(counts.take('c')).toEqual({ count: 2, seconds: 60 })
    expect(counts.take('c')).toBeNull()
  })

  it('are counted in a window that begins with the first', () => {
    const { clock, counts } = start(10)
    clock.at = 59_000
    counts.note('c')
    clock.at = 118_000
    counts.note('c')
    expect(counts.take('c')).toEqual({ count: 2, seconds: 1 })
    counts.note('c')
    clock.at = 178_000
    counts.note('c')
    expect(counts.take('c')).toEqual({ count: 1, seconds: 60 })
  })

  it('are kept for two minutes at most', () => {
    const { clock, counts } = start(1_000)
    for (let i = 0; i < 1_000; i++) counts.note(`c${i}`)
    clock.at = 60_000
    counts.note('d')
    expect(counts.size()).toBe(1_001)
    clock.at = 120_000
    counts.note('e')
    expect(counts.size()).toBe(2)
    clock.at = 500_000
    counts.note('f')
    expect(counts.size()).toBe(1)
  })

  it('are kept of the latest clients when there are too many', () => {
    const { counts } = start(10)
    for (let i = 0; i < 1_000; i++) {
      counts.note(`c${i}`)
      counts.note('busy')
      expect(counts.size()).toBeLessThanOrEqual(20)
    }
    expect(counts.take('busy')?.count).toBe(1_000)
    expect(counts.take('c999')?.count).toBe(1)
    expect(counts.take('c0')).toBeNull()
  })
})

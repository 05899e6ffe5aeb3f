// Bounds of the pages of the list: which clients get gzip, and the limits of signing and memory.
import { describe, expect, test } from 'vitest'
import { takesGzip } from '../../src/http/coding.ts'
import { createAllowance } from '../../src/revocation/allowance.ts'
import { createByteCache } from '../../src/revocation/byte-cache.ts'

describe('Accept-Encoding', () => {
  test.each<[string | undefined, boolean]>([
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['GZIP', true],
    ['x-gzip', true],
    ['*', true],
    ['br, gzip', true],
    ['gzip;q=0.001', true],
    ['gzip ; Q=1.000', true],
    ['gzip, identity;q=0.5', true],
    ['gzip;q=0', false],
    ['gzip;q=0.000', false],
    ['gzip;q=0, *', false],
    ['*;q=0', false],
    ['gzip;q=0.5, identity', false],
    ['identity', false],
    ['br', false],
    ['gzipped', false],
    ['gzip;q=2', false],
    ['gzip;q=0.0001', false],
    ['gzip;q=-1', false],
    ['gzip;q=', false],
    ['gzip;level=1', false],
  ])('%j accepts gzip: %s', (header, taken) => {
    expect(takesGzip(header)).toBe(taken)
  })

  test('accepts no coding behind thousands of others', () => {
    expect(takesGzip(`${'br,'.repeat(5_000)}gzip`)).toBe(false)
  })
})

describe('allowance', () => {
  const start = () => {
    const time = { ms: 0 }
    const allowance = createAllowance({ burst: 10, perSecond: 2, monotonic: () => time.ms })
    return { time, allowance }
  }

  test.each([
    { spent: 9, afterMs: 0, isSpent: false },
    { spent: 10, afterMs: 0, isSpent: true },
    { spent: 10, afterMs: 1, isSpent: false },
    { spent: 1_000, afterMs: 1_000, isSpent: true },
    { spent: 1_000, afterMs: 1_001, isSpent: false },
  ])('is spent after $spent and $afterMs ms: $isSpent', ({ spent, afterMs, isSpent }) => {
    const { time, allowance } = start()
    allowance.spend(spent)
    time.ms = afterMs
    expect(allowance.isSpent()).toBe(isSpent)
  })

  test('earns one burst in an idle hour', () => {
    const { time, allowance } = start()
    time.ms = 3_600_000
    allowance.spend(10)
    expect(allowance.isSpent()).toBe(true)
  })
})

describe('cache bounded by bytes', () => {
  const KEYS = ['a', 'b', 'c', 'd']
  type Cache = ReturnType<typeof createByteCache<string, string>>
  const kept = (cache: Cache) => KEYS.filter((key) => cache.get(key) !== undefined)

  test.each<[string, { maxBytes: number; maxEntries?: number }, (cache: Cache) => void, string[]]>([
    ['drops the oldest entries beyond its bytes', { maxBytes: 8 }, () => {}, ['b', 'c']],
    [
      'drops the oldest entries beyond its number',
      { maxBytes: 99, maxEntries: 1 },
      () => {},
      ['c'],
    ],
    ['keeps entries that fit exactly', { maxBytes: 12 }, () => {}, ['a', 'b', 'c']],
    [
      'keeps the entry that was used last',
      { maxBytes: 12 },
      (cache) => {
        cache.get('a')
        cache.set('d', 'x', 4)
      },
      ['a', 'c', 'd'],
    ],
    [
      'counts an entry that is replaced once',
      { maxBytes: 12 },
      (cache) => {
        cache.set('c', 'y', 4)
        cache.set('c', 'z', 4)
      },
      ['a', 'b', 'c'],
    ],
    [
      'gives back the bytes of an entry that is deleted',
      { maxBytes: 12 },
      (cache) => {
        cache.delete('b')
        cache.delete('b')
        cache.set('d', 'x', 4)
      },
      ['a', 'c', 'd'],
    ],
    [
      'keeps nothing after an entry that is too long',
      { maxBytes: 12 },
      (cache) => cache.set('d', 'x', 13),
      [],
    ],
  ])('%s', (_, bounds, use, left) => {
    const cache = createByteCache<string, string>(bounds)
    for (const key of ['a', 'b', 'c']) cache.set(key, 'x', 4)
    use(cache)
    expect(kept(cache)).toEqual(left)
  })
})

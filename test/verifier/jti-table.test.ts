// Compact table of jtis: it answers like a Map after any additions and sweeps.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createJtiTable } from '../../src/verifier/revocation/jti-table.ts'

const id = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** Few distinct values that share bits, and so slots; other texts among them. */
const ids = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 }).map(id),
  fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.nat(40))
    .map(([at, value]) => id(new Uint8Array(16).fill(value, at, at + 1))),
  fc.constantFrom(
    '',
    'x',
    'jti-1',
    'A'.repeat(21),
    'A'.repeat(23),
    `${'A'.repeat(21)}B`,
    '__proto__',
  ),
  fc.uuid(),
)

const steps = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      add: ids,
      expiry: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant(Infinity)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ sweep: fc.nat(100) }) },
)

test('jti table answers like a Map', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 200 }), fc.array(ids), (actions, asked) => {
      const table = createJtiTable()
      const model = new Map<string, number>()
      for (const action of actions) {
        if ('add' in action) {
          table.add(action.add, action.expiry)
          model.set(action.add, Math.max(model.get(action.add) ?? 0, action.expiry))
        } else {
          table.sweep(action.sweep, Infinity)
          for (const [jti, expiry] of model) if (expiry < action.sweep) model.delete(jti)
        }
      }
      expect(table.size).toBe(model.size)
      for (const jti of [...asked, ...model.keys()]) expect(table.has(jti)).toBe(model.has(jti))
    }),
    { numRuns: 500 },
  )
})

describe('jti table', () => {
  const many = (count: number, from = 0): string[] =>
    Array.from({ length: count }, (_, i) => {
      const bytes = new Uint8Array(16)
      new DataView(bytes.buffer).setUint32(0, Math.imul(i + from, 0x9e3779b1))
      new DataView(bytes.buffer).setUint32(8, i + from)
      return id(bytes)
    })

  test('grows, is swept in steps, and shrinks', () => {
    const table = createJtiTable()
    const [short, long, never] = [many(20_000), many(5_000, 20_000), many(1_000, 40_000)]
    for (const jti of short) table.add(jti, 100)
    for (const jti of long) table.add(jti, 200)
    expect(table.size).toBe(25_000)
    table.sweep(101, 1_000)
    expect(table.size).toBeGreaterThan(22_000)
    for (let i = 0; i < 200; i += 1) table.sweep(101, 1_000)
    expect(table.size).toBe(5_000)
    expect(short.some((jti) => table.has(jti))).toBe(false)
    expect(long.every((jti) => table.has(jti))).toBe(true)
    expect(never.some((jti) => table.has(jti))).toBe(false)
    for (let i = 0; i < 200; i += 1) table.sweep(201, 1_000)
    expect(table.size).toBe(0)
  })

  test('has no expired id after one whole sweep', () => {
    for (let first = 0; first < 50_000; first += 1_000) {
      const table = createJtiTable()
      for (const jti of many(700, first)) table.add(jti, 100)
      table.sweep(101, Infinity)
      expect(table.size).toBe(0)
    }
  })

  test('keeps an entry with a time beyond 32 bits', () => {
    const table = createJtiTable()
    const [jti = ''] = many(1)
    table.add(jti, 2 ** 40)
    table.sweep(2 ** 33, Infinity)
    expect(table.has(jti)).toBe(true)
  })

  test('distinguishes ids in every bit', () => {
    const table = createJtiTable()
    table.add(id(new Uint8Array(16)), Infinity)
    for (let bit = 0; bit < 128; bit += 1) {
      const other = new Uint8Array(16)
      other[bit >> 3] = 1 << (bit & 7)
      expect(table.has(id(other))).toBe(false)
    }
  })
})

// Cost of a request for granted details: it reads its own values, and no granted ones.
import { expect, test } from 'vitest'
import { MAX_DETAILS, MAX_DETAIL_LIST } from '../../src/constants.ts'
import { isHeld, narrowDetails } from '../../src/grants/held-details.ts'
import type { AuthorizationDetail } from '../../src/store/store.ts'

const counting = () => {
  let reads = 0
  const list = (prefix: string, length: number): string[] =>
    new Proxy(
      Array.from({ length }, (_, i) => `${prefix}${i}`),
      {
        get(target, key) {
          if (typeof key === 'string' && /^\d+$/.test(key)) reads++
          return Reflect.get(target, key) as unknown
        },
      },
    )
  return {
    list,
    reads(work: () => unknown): number {
      reads = 0
      work()
      return reads
    },
  }
}

const granted = counting()
const ENTRIES = Array.from({ length: MAX_DETAILS }, (_, i): AuthorizationDetail => ({
  type: 'playlist',
  identifier: '*',
  number: i,
  actions: granted.list('a', MAX_DETAIL_LIST),
  parts: '*',
}))
const each = (members: (i: number) => Record<string, string | number | string[]>) =>
  Array.from({ length: MAX_DETAILS }, (_, i) => ({ type: 'playlist', ...members(i) }))

const asked = counting()
/** Requests of a hundred entries, each of which fits as many granted ones as possible. */
const WORST: [title: string, wishes: AuthorizationDetail[], outcome: string][] = [
  [
    'fit all grants until the last member',
    each((i) => ({ identifier: `i${i}` })),
    'details_ambiguous',
  ],
  [
    'fit one grant, whose list is copied',
    each((i) => ({ number: 7, identifier: `i${i}` })),
    'long',
  ],
  [
    'name long lists',
    each((i) => ({ number: i, identifier: `i${i}`, actions: asked.list('a', 100) })),
    'long',
  ],
  [
    'name lists that end with something else',
    each(() => ({ actions: [...asked.list('a', 100), 'other'], identifier: 'x' })),
    'details_not_granted',
  ],
]

test.each(WORST)('requests that %s read no granted value', (_, wishes, outcome) => {
  narrowDetails(ENTRIES, []) // prepares the grant
  const inAsked = wishes.reduce((n, { actions }) => n + (Array.isArray(actions) ? 100 : 0), 0)
  const counts: number[] = []
  const inGranted = granted.reads(() => {
    counts.push(
      asked.reads(() => expect(JSON.stringify(narrowDetails(ENTRIES, wishes))).toContain(outcome)),
    )
  })
  expect(inGranted).toBe(0)
  expect(counts[0]).toBeLessThanOrEqual(3 * inAsked)
})

test('entry for another client reads no granted value', () => {
  isHeld(ENTRIES, { type: 'playlist' }) // prepares the grant
  const entry = { type: 'playlist', identifier: 'x', number: 3, parts: [], actions: ['a1'] }
  const reads = granted.reads(() => expect(isHeld(ENTRIES, entry)).toBe(true))
  expect(reads).toBe(0)
})

test('preparation reads each granted value at most four times', () => {
  const reads = granted.reads(() => narrowDetails([...ENTRIES], []))
  expect(reads).toBeLessThanOrEqual(4 * MAX_DETAILS * MAX_DETAIL_LIST)
})

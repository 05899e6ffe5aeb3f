// Implied permissions: the fast algorithms agree with the definition, and read each implication
// once.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { implicationsOf, isCircular, permissionsLosing } from '../../src/grants/permissions.ts'
import type { Permission } from '../../src/store/store.ts'
import { impliedNaively } from '../support/naive-narrowing.ts'

const RUNS = { numRuns: 2_000 }

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']
const names = fc.uniqueArray(fc.constantFrom(...NAMES, 'gone'), { maxLength: 5 })
const declared: fc.Arbitrary<Permission[]> = fc
  .subarray(NAMES)
  .chain((list) =>
    fc.tuple(...list.map((name) => names.map((implies): Permission => ({ name, implies })))),
  )
/** Declarations without circles: a permission implies only those that follow it in the alphabet. */
const orderly = declared.map((list) =>
  list.map(({ name, implies }) => ({ name, implies: implies.filter((other) => other > name) })),
)

const expandNaively = (wanted: readonly string[], list: readonly Permission[]) => [
  ...new Set(wanted.flatMap((name) => impliedNaively(name, list))),
]

describe('definition of implied permissions', () => {
  test('agrees with the expansion of names, in the same order', () => {
    fc.assert(
      fc.property(declared, names, (list, wanted) => {
        const expanded = [...implicationsOf(list).expand(wanted)]
        expect(expanded).toEqual(expandNaively(wanted, list))
      }),
      RUNS,
    )
  })

  test('agrees with the permissions that lose something', () => {
    fc.assert(
      fc.property(declared, declared, (before, after) => {
        const losing = before
          .map(({ name }) => name)
          .filter((name) => {
            const kept = impliedNaively(name, after)
            return !impliedNaively(name, before).every((other) => kept.includes(other))
          })
        expect(permissionsLosing(before, after)).toEqual(losing)
      }),
      RUNS,
    )
  })

  test('agrees with the check for circles', () => {
    fc.assert(
      fc.property(declared, (list) => {
        const circular = list.some(({ name, implies }) =>
          implies.some((other) => impliedNaively(other, list).includes(name)),
        )
        expect(isCircular(list)).toBe(circular)
      }),
      RUNS,
    )
  })

  test('agrees with the fewest names that imply the same', () => {
    fc.assert(
      fc.property(orderly, fc.subarray(NAMES), fc.subarray(NAMES), (list, wanted, first) => {
        const there = wanted.filter((name) => list.some((permission) => permission.name === name))
        const kept = there.filter((name) => first.includes(name))
        const width = (name: string) => impliedNaively(name, list).length
        for (const name of there.toSorted((a, b) => width(b) - width(a))) {
          if (!expandNaively(kept, list).includes(name)) kept.push(name)
        }
        const fewest = implicationsOf(list).fewest(there, new Set(first))
        expect(fewest).toEqual(there.filter((name) => kept.includes(name)))
      }),
      RUNS,
    )
  })
})

describe('implication', () => {
  const COUNT = 300
  /** Each permission implies all that follow it: the largest possible number of paths. */
  const tangled = () => {
    let reads = 0
    const list = Array.from({ length: COUNT }, (_, i): Permission => {
      const implies = Array.from({ length: COUNT - i - 1 }, (__, j) => `p${i + j + 1}`)
      const counted = new Proxy(implies, {
        get(target, key) {
          if (typeof key === 'string' && /^\d+$/.test(key)) reads++
          return Reflect.get(target, key) as unknown
        },
      })
      return { name: `p${i}`, implies: counted }
    })
    return { list, reads: () => reads, all: list.map(({ name }) => name) }
  }
  const IMPLICATIONS = (COUNT * (COUNT - 1)) / 2

  test('is read once to expand all names', () => {
    const { list, reads, all } = tangled()
    expect(implicationsOf(list).expand(all).size).toBe(COUNT)
    expect(reads()).toBe(IMPLICATIONS)
  })

  test.each([
    ['to compare two declarations', (list: Permission[]) => permissionsLosing(list, list)],
    ['to look for a circle', (list: Permission[]) => isCircular(list)],
    [
      'to find the fewest',
      (list: Permission[]) =>
        implicationsOf(list).fewest(
          list.map(({ name }) => name),
          new Set(),
        ),
    ],
  ])('is read at most eight times %s', (_, work) => {
    const { list, reads } = tangled()
    work(list)
    expect(reads()).toBeLessThanOrEqual(8 * IMPLICATIONS)
  })
})

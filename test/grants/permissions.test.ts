// What permissions imply: the fast answers are those of the definition, and each implication is read once.
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
/** Without circles: a permission implies only those that follow it in the alphabet. */
const orderly = declared.map((list) =>
  list.map(({ name, implies }) => ({ name, implies: implies.filter((other) => other > name) })),
)

const expandNaively = (wanted: readonly string[], list: readonly Permission[]) => [
  ...new Set(wanted.flatMap((name) => impliedNaively(name, list))),
]

describe('as the definition says', () => {
  test('names are expanded, in the same order', () => {
    fc.assert(
      fc.property(declared, names, (list, wanted) => {
        const expanded = [...implicationsOf(list).expand(wanted)]
        expect(expanded).toEqual(expandNaively(wanted, list))
      }),
      RUNS,
    )
  })

  test('a permission loses something where it implies less', () => {
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

  test('a circle is found', () => {
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

  test('the fewest that imply the same are those that nothing else implies', () => {
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

describe('each implication is read', () => {
  const COUNT = 300
  /** Each permission implies all that follow it: as many paths as there can be. */
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

  test('once to expand all names', () => {
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
  ])('a few times %s', (_, work) => {
    const { list, reads } = tangled()
    work(list)
    expect(reads()).toBeLessThanOrEqual(8 * IMPLICATIONS)
  })
})

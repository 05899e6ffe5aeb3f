// Properties of narrowing (RFC 9396 §6): for any grant and request, no client gets more than its
// grant, and no result depends on an order.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formError, takenDetails } from '../src/grants/details.ts'
import { type Narrowing, isHeld, narrowDetails } from '../src/grants/held-details.ts'
import type { AuthorizationDetail, DetailValue } from '../src/store/store.ts'
import { isWithinNaively, narrowDetailsNaively } from './support/naive-narrowing.ts'

const RUNS = { numRuns: 1_000 }

const WORDS = ['a', 'b', '*', 'é']
const NAMES = ['identifier', 'actions', 'parts', 'project_id', 'level', 'constructor', 'toString']
const scalar = fc.constantFrom(...WORDS, 0, 1, true)
const value: fc.Arbitrary<DetailValue> = fc.oneof(
  scalar,
  fc.uniqueArray(
    scalar.filter((item) => item !== '*'),
    { maxLength: 3 },
  ),
)
const wellFormed = (entry: AuthorizationDetail): boolean => formError([entry]) === null
const entry: fc.Arbitrary<AuthorizationDetail> = fc
  .tuple(
    fc.constantFrom('playlist', 'tool_run'),
    fc.dictionary(fc.constantFrom(...NAMES), value, { noNullPrototype: true, maxKeys: 4 }),
  )
  .map(([type, members]) => ({ ...members, type }))
  .filter(wellFormed)
const entries = fc.array(entry, { maxLength: 4 })

/**
 * Makes a request close to an entry: some of its members, some of them reduced, and sometimes a
 * further one.
 */
const near = (granted: AuthorizationDetail): fc.Arbitrary<AuthorizationDetail> =>
  fc
    .tuple(fc.subarray(Object.keys(granted)), fc.array(value, { maxLength: 5 }), entry)
    .map(([names, values, other]) => {
      const less = (name: string, i: number): DetailValue => {
        const was = granted[name] ?? ''
        if (was === '*') return values[i] ?? was
        return Array.isArray(was) ? was.slice(0, i) : was
      }
      const kept = Object.fromEntries(names.map((name, i) => [name, less(name, i)]))
      return { ...(values.length === 5 && other), ...kept, type: granted.type }
    })
    .filter(wellFormed)

/** A grant, and a request that it may cover. */
const asked = fc
  .tuple(fc.array(entry, { minLength: 1, maxLength: 4 }), fc.nat())
  .chain(([granted, i]) =>
    fc.tuple(fc.constant(granted), near(granted[i % granted.length] as AuthorizationDetail)),
  )

/** Serializes an entry independently of the order of members and lists. */
const canonical = (one: AuthorizationDetail): string =>
  JSON.stringify(
    Object.entries(one)
      .map(([name, v]) => [name, Array.isArray(v) ? v.map((x) => JSON.stringify(x)).sort() : v])
      .sort(),
  )
const comparable = (outcome: Narrowing) =>
  'refused' in outcome ? outcome.refused : outcome.details.map(canonical).sort()

/** Compares member by member, independently of the tested code. */
const noMore = (granted: AuthorizationDetail, result: AuthorizationDetail): boolean =>
  Object.keys(granted).sort().join() === Object.keys(result).sort().join() &&
  Object.entries(result).every(([name, got]) => {
    const from = granted[name]
    if (from === '*') return true
    if (!Array.isArray(from)) return !Array.isArray(got) && got === from
    return Array.isArray(got) && got.every((item) => from.some((one) => one === item))
  })

test('formError decides any value', () => {
  const value = fc.oneof(
    fc.anything(),
    fc.array(fc.oneof(fc.object(), fc.record({ type: fc.constant('x'), a: fc.anything() }))),
  )
  fc.assert(
    fc.property(value, (anything) => {
      if (formError(anything) !== null) return
      const entries = anything as AuthorizationDetail[]
      expect(narrowDetails(entries, entries)).not.toMatchObject({ refused: 'details_not_granted' })
    }),
    RUNS,
  )
})

describe('narrowing', () => {
  test('yields the request, and never more than one granted entry', () => {
    let given = 0
    fc.assert(
      fc.property(asked, ([granted, wish]) => {
        const outcome = narrowDetails(granted, [wish])
        if ('refused' in outcome) return
        given++
        const [result = wish, ...more] = outcome.details
        expect(more).toEqual([])
        expect(granted.some((one) => noMore(one, result))).toBe(true)
        for (const name of Object.keys(wish)) expect(result[name]).toEqual(wish[name])
        expect(formError([result])).toBeNull()
        if (result.type === 'tool_run') expect(result['identifier']).not.toBe('*')
      }),
      RUNS,
    )
    expect(given).toBeGreaterThan(RUNS.numRuns / 10)
  })

  test('refuses exactly the requests that no granted entry allows', () => {
    fc.assert(
      fc.property(asked, ([granted, wish]) => {
        const fits = granted.filter(
          (one) =>
            Object.keys(wish).every((name) => Object.hasOwn(one, name)) &&
            noMore(one, { ...one, ...wish }),
        )
        const results = new Set(fits.map((one) => canonical({ ...one, ...wish })))
        const outcome = narrowDetails(granted, [wish])
        const refused = 'refused' in outcome ? outcome.refused : null
        expect(refused === 'details_not_granted').toBe(results.size === 0)
        expect(refused === 'details_ambiguous').toBe(results.size > 1)
      }),
      RUNS,
    )
  })

  test('has the same result when it is applied to its result', () => {
    fc.assert(
      fc.property(asked, ([granted, wish]) => {
        const outcome = narrowDetails(granted, [wish])
        if ('refused' in outcome) return
        expect(narrowDetails(granted, outcome.details)).toEqual(outcome)
        expect(narrowDetails(outcome.details, outcome.details)).toEqual(outcome)
        expect(narrowDetails(outcome.details, [wish])).toEqual(outcome)
      }),
      RUNS,
    )
  })

  test('has the same result in any order of entries and members', () => {
    const turned = (one: AuthorizationDetail): AuthorizationDetail =>
      Object.fromEntries(
        Object.entries(one)
          .reverse()
          .map(([name, v]) => [name, Array.isArray(v) ? v.toReversed() : v]),
      ) as AuthorizationDetail
    fc.assert(
      fc.property(asked, ([granted, wish]) => {
        const outcome = comparable(narrowDetails(granted, [wish]))
        expect(comparable(narrowDetails(granted.toReversed(), [wish]))).toEqual(outcome)
        expect(comparable(narrowDetails(granted.map(turned), [turned(wish)]))).toEqual(outcome)
      }),
      RUNS,
    )
  })

  test('yields no more than an added entry from it, and leaves earlier results unchanged', () => {
    fc.assert(
      fc.property(asked, entry, ([granted, wish], added) => {
        const before = narrowDetails(granted, [wish])
        const after = narrowDetails([...granted, added], [wish])
        if ('details' in before) {
          const outcomes = [comparable(before), 'details_ambiguous']
          expect(outcomes).toContainEqual(comparable(after))
        } else if (before.refused === 'details_not_granted' && 'details' in after) {
          for (const result of after.details) expect(noMore(added, result)).toBe(true)
        } else {
          expect(after).toHaveProperty('refused')
        }
      }),
      RUNS,
    )
  })

  test('yields no more than the entry from which details were passed on', () => {
    const chain = entry.chain((own) =>
      near(own).chain((less) => {
        const given = { ...own, ...less }
        return fc.tuple(fc.constant(own), fc.constant(given), near(given))
      }),
    )
    fc.assert(
      fc.property(chain, ([own, given, wish]) => {
        fc.pre(isHeld([own], given))
        expect(noMore(own, given)).toBe(true)
        const outcome = narrowDetails([given], [wish])
        if ('refused' in outcome) return
        for (const result of outcome.details) expect(noMore(own, result)).toBe(true)
      }),
      RUNS,
    )
  })

  test('passes on only an entry that is held in full', () => {
    fc.assert(
      fc.property(entry, entry, (own, other) => {
        expect(isHeld([own], other)).toBe(noMore(own, other))
      }),
      RUNS,
    )
  })
})

describe('comparison with every granted entry in turn', () => {
  /** Several granted entries, some of them alike, and several requests close to them. */
  const requests = fc
    .tuple(fc.array(entry, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(), { maxLength: 4 }))
    .chain(([granted, picks]) =>
      fc.tuple(
        fc
          .array(fc.constantFrom(...granted), { maxLength: 3 })
          .map((more) => [...granted, ...more]),
        fc.tuple(...picks.map((i) => near(granted[i % granted.length] as AuthorizationDetail))),
      ),
    )

  test('narrows to the same result', () => {
    const outcomes = new Set<string>()
    fc.assert(
      fc.property(requests, ([granted, wishes]) => {
        const outcome = narrowDetails(granted, wishes)
        expect(outcome).toEqual(narrowDetailsNaively(granted, wishes))
        outcomes.add('refused' in outcome ? outcome.refused : 'details')
        // The first call has prepared the grant.
        expect(narrowDetails(granted, wishes)).toEqual(outcome)
      }),
      { numRuns: 5_000 },
    )
    expect([...outcomes].sort()).toEqual([
      'details',
      'details_ambiguous',
      'details_not_granted',
      'details_repeated',
      'resource_not_named',
      'run_not_named',
    ])
  })

  test('finds the same held entries', () => {
    fc.assert(
      fc.property(requests, entry, ([granted, wishes], other) => {
        for (const one of [...granted, ...wishes, other]) {
          const naive = granted.some((own) => isWithinNaively(own, one))
          expect(isHeld(granted, one)).toBe(naive)
        }
      }),
      RUNS,
    )
  })
})

test('takenDetails returns the entries that are missing or changed', () => {
  fc.assert(
    fc.property(entries, entries, entry, (before, after, added) => {
      expect(takenDetails(before, before)).toEqual([])
      expect(takenDetails(before, [added, ...before.toReversed()])).toEqual([])
      expect(takenDetails(before, [])).toEqual(before)
      expect(takenDetails([], after)).toEqual([])
      const taken = takenDetails(before, after).map(canonical)
      const kept = new Set(after.map(canonical))
      expect(taken).toEqual(before.map(canonical).filter((text) => !kept.has(text)))
    }),
    RUNS,
  )
})

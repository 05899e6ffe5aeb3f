// Properties of chooseDetail for any granted details and any request: the returned entry grants the
// request, and grants it alone.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AuthorizationDetail,
  type WantedAuthorization,
  chooseDetail,
} from '../../src/verifier/token/details.ts'
import { VerificationError } from '../../src/verifier/errors.ts'
import type { AccessTokenClaims } from '../../src/verifier/token/parse.ts'
import { CLAIMS } from './support.ts'

/** Returns the very entry, or the code of the refusal. Any other error fails the test. */
const choose = (details: unknown, wanted: WantedAuthorization): AuthorizationDetail | string => {
  const claims: AccessTokenClaims = { ...CLAIMS, authorization_details: details }
  try {
    return chooseDetail(claims, wanted)
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error
    expect(['authorization_denied', 'authorization_ambiguous']).toContain(error.code)
    return error.code
  }
}

// Few names, so that many entries fit: requests draw from the same names.
const name = fc.constantFrom('a', 'b', '*')
const names = fc.oneof(
  { weight: 4, arbitrary: fc.array(name, { maxLength: 3 }) },
  { weight: 2, arbitrary: fc.constant('*') },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.array(fc.oneof(name, fc.jsonValue({ maxDepth: 1 }))) },
)
const entry = fc.record(
  { type: fc.constantFrom('x', 'x', 'x', 'y'), identifier: name, actions: names, parts: names },
  { requiredKeys: ['type', 'identifier', 'actions'] },
)
const entries = fc.array(entry, { maxLength: 4 })
const wish = fc.record({
  type: fc.constantFrom('x', 'x', 'x', 'y'),
  identifier: name,
  action: name,
  part: fc.option(name, { nil: undefined }),
})
const RUNS = { numRuns: 1000 }

const has = (granted: unknown, value: string): boolean =>
  granted === '*' || (Array.isArray(granted) && granted.includes(value))

test('chooseDetail returns an entry of the token that has everything requested', () => {
  let returned = 0
  fc.assert(
    fc.property(entries, wish, (details, wanted) => {
      const found = choose(details, wanted)
      if (typeof found === 'string') return
      returned++
      expect(details.some((granted) => granted === found)).toBe(true)
      expect(found.type).toBe(wanted.type)
      expect(['*', wanted.identifier]).toContain(found['identifier'])
      expect(has(found['actions'], wanted.action)).toBe(true)
      const parts = found['parts']
      if (wanted.part !== undefined) expect(has(parts, wanted.part)).toBe(true)
      else if (parts !== '*') expect(new Set(parts as string[]).size).toBe(1)
    }),
    RUNS,
  )
  expect(returned).toBeGreaterThan(20) // enough examples were accepted
})

test('chooseDetail returns the single entry for each of its names', () => {
  const list = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 })
  const full = fc.record({
    type: fc.constant('x'),
    identifier: fc.string({ minLength: 1 }),
    actions: list,
    parts: list,
  })
  fc.assert(
    fc.property(full, fc.nat(4), fc.nat(4), (granted, i, j) => {
      const { type, identifier, actions, parts } = granted
      const [action = '', part = ''] = [actions[i % actions.length], parts[j % parts.length]]
      expect(choose([granted], { type, identifier, action, part })).toBe(granted)
    }),
  )
})

test('chooseDetail after the addition of an entry returns the same entry, becomes ambiguous, or returns the new one', () => {
  fc.assert(
    fc.property(entries, entry, fc.nat(4), wish, (details, more, at, wanted) => {
      const before = choose(details, wanted)
      const after = choose(details.toSpliced(at, 0, more), wanted)
      // A request that was denied gets the outcome of the new entry alone.
      if (before === 'authorization_denied') expect(after).toBe(choose([more], wanted))
      else expect([before, 'authorization_ambiguous'].some((answer) => answer === after)).toBe(true)
    }),
    RUNS,
  )
})

test('chooseDetail ignores the order of the entries and of their names', () => {
  const turned = (value: unknown) => (Array.isArray(value) ? value.toReversed() : value)
  const shuffled = entries.chain((details) =>
    fc.tuple(
      fc.constant(details),
      fc.shuffledSubarray(details, { minLength: details.length, maxLength: details.length }),
    ),
  )
  fc.assert(
    fc.property(shuffled, wish, ([details, others], wanted) => {
      expect(choose(others, wanted)).toBe(choose(details, wanted))
      const reversed = details.map((granted) => ({
        ...granted,
        actions: turned(granted.actions),
        ...('parts' in granted && { parts: turned(granted.parts) }),
      }))
      const [found, foundReversed] = [choose(details, wanted), choose(reversed, wanted)]
      if (typeof found === 'string') expect(foundReversed).toBe(found)
      else
        expect(reversed.findIndex((granted) => granted === foundReversed)).toBe(
          details.findIndex((granted) => granted === found),
        )
    }),
    RUNS,
  )
})

test('chooseDetail answers or refuses any claim and any request', () => {
  const text = fc.oneof(name, fc.string({ unit: 'binary', minLength: 1 }))
  const anyWish = fc.record({
    type: text,
    identifier: text,
    action: text,
    part: fc.option(text, { nil: undefined }),
  })
  const anyDetails = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.oneof(entry, fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()))),
  )
  fc.assert(
    fc.property(anyDetails, anyWish, (details, wanted) => {
      const found = choose(details, wanted)
      expect(typeof found === 'string' || (details as unknown[]).includes(found)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('chooseDetail handles lists of 100,000 names', () => {
  const long = Array.from({ length: 100_000 }, (_, i) => `part-${i}`)
  const wanted = { type: 'x', identifier: 'a', action: 'a' }
  const one = { type: 'x', identifier: 'a', actions: [...long, 'a'], parts: long }
  const many = long.map((identifier) => ({ ...one, identifier, actions: ['a'], parts: ['b'] }))
  expect(choose([one], { ...wanted, part: long.at(-1) })).toBe(one)
  expect(choose([one], { ...wanted, part: undefined })).toBe('authorization_ambiguous')
  expect(choose([...many, one], { ...wanted, part: 'part-0' })).toBe(one)
  expect(choose(many, { ...wanted, part: undefined })).toBe('authorization_denied')
})

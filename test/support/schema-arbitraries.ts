// Random requests from the OpenAPI document: valid under its schemas, or almost valid.
import fc from 'fast-check'
import type { Operation, Parameter, Schema } from './openapi.ts'

/** Names of existing records, because random text would hardly ever match one. */
type Words = readonly string[]

const MAX_ITEMS = 4
const MAX_TEXT = 40

const number = ({ minimum = -1_000, maximum = 1_000_000 }: Schema): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: minimum, max: maximum }), fc.constantFrom(minimum, maximum))

const text = (schema: Schema, words: Words): fc.Arbitrary<string> => {
  const { pattern, minLength = 0, maxLength = MAX_TEXT } = schema
  const fits = words.filter((word) => pattern === undefined || new RegExp(pattern).test(word))
  const any =
    pattern === undefined
      ? fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, MAX_TEXT) })
      : fc.stringMatching(new RegExp(pattern))
  return fits.length === 0 ? any : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...fits) }, any)
}

const object = ({ properties = {}, required = [] }: Schema, words: Words) =>
  fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, valid(one, words)])),
    { requiredKeys: required, noNullPrototype: true },
  )

const BY_TYPE: Record<string, (schema: Schema, words: Words) => fc.Arbitrary<unknown>> = {
  null: () => fc.constant(null),
  boolean: () => fc.boolean(),
  integer: number,
  string: text,
  object,
  array: ({ items = {}, maxItems = MAX_ITEMS }, words) =>
    fc.array(valid(items, words), { maxLength: Math.min(maxItems, MAX_ITEMS) }),
}

/** Values that a schema allows. @throws TypeError for a schema with an unsupported keyword */
export const valid = (schema: Schema, words: Words): fc.Arbitrary<unknown> => {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const types = [schema.type ?? []].flat()
  const choices =
    schema.anyOf?.map((one) => valid(one, words)) ??
    types.map((type) => {
      const make = BY_TYPE[type]
      if (make === undefined) throw new TypeError(`no arbitrary for the type ${type}`)
      return make(schema, words)
    })
  if (choices.length === 0) throw new TypeError('no arbitrary for a schema without a type')
  return fc.oneof(...choices)
}

const junkText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    ' ',
    '*',
    '\0',
    '\ud800',
    '..',
    '__proto__',
    'constructor',
    '💩',
    'null',
    '0',
  ),
  fc
    .constantFrom(127, 128, 129, 200, 201, 255, 256, 257, 8_193)
    .map((length) => 'a'.repeat(length)),
)
const junk: fc.Arbitrary<unknown> = fc.oneof(
  junkText,
  fc.constantFrom(null, true, -1, 0, 1.5, 59, 86_401, 2 ** 53, -(2 ** 53), 1e308, [], {}, [[]]),
  fc.array(junkText, { maxLength: 3 }),
  fc.constant(Array.from({ length: 1_001 }, (_, i) => `p${i}`)),
  fc.jsonValue({ maxDepth: 3 }),
)
const memberName = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'etag', ''), junkText)

const withMember = (value: object, name: string, member: unknown): object =>
  Object.fromEntries([...Object.entries(value), [name, member]])

/** Copies a value with one member, at any depth, replaced. */
const replaced = (value: unknown, path: readonly number[], by: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return by
  const [first = 0, ...rest] = path
  const entries: [string, unknown][] = Object.entries(value)
  const changed = entries.map(([name, member], i): [string, unknown] =>
    i === first % entries.length
      ? [name, rest.length > 0 ? replaced(member, rest, by) : by]
      : [name, member],
  )
  return Array.isArray(value) ? changed.map(([, member]) => member) : Object.fromEntries(changed)
}

const spoilt = (good: fc.Arbitrary<unknown>): fc.Arbitrary<string> => {
  const value = fc.oneof(
    junk,
    fc
      .tuple(good, fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }), junk)
      .map(([one, path, by]) => replaced(one, path, by)),
    fc
      .tuple(good, memberName, junk)
      .map(([one, name, member]) => withMember(one as object, name, member)),
  )
  const json = value.map((one) => JSON.stringify(one))
  return fc.oneof(
    { weight: 4, arbitrary: json },
    good.map((one) => JSON.stringify(one).replace(/^\{(.+)\}$/s, '{$1,$1}')),
    good.map((one) => `\ufeff${JSON.stringify(one)}`),
    fc.tuple(json, fc.nat(20)).map(([all, length]) => all.slice(0, length)),
  )
}

/** The text of a body. */
export const bodyText = (schema: Schema | null, words: Words): fc.Arbitrary<string | undefined> => {
  if (schema === null) {
    return fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      fc.constantFrom('{}', '{"a":1}'),
    )
  }
  const good = valid(schema, words)
  const text = good.map((one) => JSON.stringify(one))
  return fc.oneof({ weight: 3, arbitrary: text }, { weight: 2, arbitrary: spoilt(good) })
}

/** An encoded query string. */
export const queryText = (parameters: readonly Parameter[], words: Words) => {
  const said = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) => fc.tuple(fc.constant(name), valid(schema, words).map(String)))
  const odd = fc.tuple(fc.constantFrom('limit', 'cursor', '__proto__', 'x', ''), junkText)
  const pair = said.length === 0 ? odd : fc.oneof({ weight: 4, arbitrary: fc.oneof(...said) }, odd)
  return fc
    .oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(pair, { maxLength: 3 }))
    .map((pairs) => new URLSearchParams(pairs).toString())
}

/** An id for the path, or junk; `null` means an existing id. */
const idOrJunk: fc.Arbitrary<string | null> = fc.oneof(
  { weight: 9, arbitrary: fc.constant(null) },
  fc.string({ unit: 'binary', maxLength: 20 }).map((id) => encodeURIComponent(id)),
  fc.constantFrom('..', '..%2f', '%', '%00', '%ff', 'a'.repeat(3_000), '__proto__', 'revoke-all'),
)

export type RandomRequest = {
  operation: Operation
  ids: (string | null)[]
  /** Number that selects one of the existing ids. */
  chosen: number
  query: string
  body: string | undefined
  ifMatch: 'right' | 'wrong' | 'any' | 'absent'
}

export const randomRequest = (operation: Operation, words: Words): fc.Arbitrary<RandomRequest> =>
  fc.record({
    operation: fc.constant(operation),
    ids: fc.array(idOrJunk, { minLength: 2, maxLength: 2 }),
    chosen: fc.nat(100),
    query: queryText(operation.parameters, words),
    body: operation.method === 'GET' ? fc.constant(undefined) : bodyText(operation.body, words),
    ifMatch: fc.constantFrom('right', 'right', 'any', 'wrong', 'absent'),
  })

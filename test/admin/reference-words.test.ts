// Words of the reference: each operation has a summary and a group with a description, each field a meaning, and each
// request and answer an example that the schemas accept. A failure names the place of the missing word.
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exportLineOf } from '../../src/admin/api/endpoint.ts'
import { ENDPOINTS } from '../../src/admin/api/table.ts'
import { NO_SAMPLE } from '../../src/admin/reference/examples.ts'
import { LEFT_OUT } from '../../src/admin/reference/left-out.ts'
import { MEANINGS } from '../../src/admin/reference/meanings.ts'
import { SAMPLES } from '../../src/admin/reference/samples.ts'
import { openApiDocument, operationId, tagOf } from '../../src/admin/reference/openapi-document.ts'
import { type Operation, operationsOf } from '../../src/admin/reference/paths.ts'
import { ISSUER } from '../support/server.ts'

type Node = {
  description?: string
  default?: unknown
  required?: string[]
  $ref?: string
  properties?: Record<string, Node>
  items?: Node
  anyOf?: Node[]
}

const document = openApiDocument(ISSUER)
const operations = operationsOf(document)

const inMeanings = (place: string): string =>
  `${place} has no meaning: add it to MEANINGS in src/admin/reference/meanings.ts, as '${place}' or by its last name`

/** Members without a description, with nested ones. */
const unexplained = (schema: Node, place: string): string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
    ...(member.description === undefined ? [inMeanings(`${place}.${name}`)] : []),
    ...unexplained(member, `${place}.${name}`),
  ]),
  ...(schema.items ? unexplained(schema.items, place) : []),
  ...(schema.anyOf ?? []).flatMap((option) => unexplained(option, place)),
]

type Media = { schema: Node; example: unknown }
type Parameter = {
  name: string
  in: string
  description?: string
  example?: unknown
  required?: boolean
}

const parametersOf = ({ parameters = [] }: Operation) => parameters as Parameter[]

const mediaOf = (holder: unknown): Media | undefined =>
  Object.values((holder as { content?: Record<string, Media> } | undefined)?.content ?? {})[0]

const answerOf = ({ responses = {} }: Operation): Media | undefined =>
  mediaOf(responses['200'] ?? responses['201'])

const operationOf = (endpoint: (typeof ENDPOINTS)[number]): Operation => {
  const found = operations.find((operation) => operation.operationId === operationId(endpoint))
  if (found === undefined) throw new Error(`${operationId(endpoint)} is not in the document`)
  return found
}

describe('meanings', () => {
  test('fields of each schema have a meaning', () => {
    const schemas = Object.entries(document.components?.schemas ?? {})
    expect(schemas.length).toBeGreaterThan(40)
    expect(schemas.flatMap(([name, schema]) => unexplained(schema as Node, name))).toEqual([])
  })

  test('fields of each operation have a meaning', () => {
    const missing = operations.flatMap((operation) => [
      ...parametersOf(operation)
        .filter(({ description }) => description === undefined)
        .map(({ name, in: place }) =>
          inMeanings(`${place === 'path' ? operation.tags?.[0] : operation.operationId}.${name}`),
        ),
      ...[mediaOf(operation.requestBody), answerOf(operation)].flatMap((media) =>
        media === undefined ? [] : unexplained(media.schema, operation.operationId ?? ''),
      ),
    ])
    expect(missing).toEqual([])
  })

  test('fields without a meaning are found, nested ones too', () => {
    const schema = {
      properties: { a: { items: { properties: { b: {} } }, description: 'A.' } },
      anyOf: [{ properties: { c: {} } }],
    }
    expect(unexplained(schema, 'X')).toEqual([inMeanings('X.a.b'), inMeanings('X.c')])
  })
})

/** Optional members of a request body without a word on what happens when they are left out. */
const withoutDefault = (schema: Node, place: string): string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const isSaid =
      schema.required?.includes(name) === true ||
      'default' in member ||
      member.description?.includes('Left out: ') === true
    return [...(isSaid ? [] : [`${place}.${name}`]), ...withoutDefault(member, `${place}.${name}`)]
  }),
  ...(schema.items ? withoutDefault(schema.items, place) : []),
  ...(schema.anyOf ?? []).flatMap((option) => withoutDefault(option, place)),
]

describe('members that a request leaves out', () => {
  const bodies = operations.flatMap(({ operationId: id = '', requestBody }) => {
    const schema = mediaOf(requestBody)?.schema
    if (schema === undefined) return []
    const name = schema.$ref?.split('/').at(-1)
    const resolved = name === undefined ? schema : document.components?.schemas?.[name]
    return [[name ?? id, resolved as Node] as const]
  })

  test('have a default in the schema, or an entry in LEFT_OUT of left-out.ts', () => {
    expect(bodies.length).toBeGreaterThan(15)
    expect(bodies.flatMap(([place, schema]) => withoutDefault(schema, place))).toEqual([])
  })

  test('are found where nothing is said, nested ones too', () => {
    const entry = { required: ['b'], properties: { b: {}, c: {} } }
    const schema = { required: ['a'], properties: { a: { items: entry }, d: { default: 1 } } }
    expect(withoutDefault(schema, 'X')).toEqual(['X.a.c'])
  })

  test('have no entry for a member that is required or does not exist', () => {
    const optional = bodies.flatMap(([place, { properties = {}, required = [] }]) =>
      Object.keys(properties)
        .filter((name) => !required.includes(name))
        .map((name) => `${place}.${name}`),
    )
    expect(Object.keys(LEFT_OUT).filter((key) => !optional.includes(key))).toEqual([])
  })
})

/** Places of all members below a schema, as `Client.grants.audience`. */
const placesIn = (schema: Node, place: string): string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
    `${place}.${name}`,
    ...placesIn(member, `${place}.${name}`),
  ]),
  ...(schema.items ? placesIn(schema.items, place) : []),
  ...(schema.anyOf ?? []).flatMap((option) => placesIn(option, place)),
]

describe('tables of the reference', () => {
  const named = Object.entries(document.components?.schemas ?? {}).flatMap(([name, schema]) =>
    placesIn(schema as Node, name),
  )
  const ofOperations = operations.flatMap((operation) => [
    ...parametersOf(operation).map(
      ({ name, in: place }) =>
        `.${place === 'path' ? operation.tags?.[0] : operation.operationId}.${name}`,
    ),
    ...[mediaOf(operation.requestBody), answerOf(operation)].flatMap((media) =>
      placesIn(media?.schema ?? {}, `.${operation.operationId}`),
    ),
  ])
  const ids = operations.map(({ operationId: id = '' }) => id)
  /** A sample may be one of a named schema in one operation: `clientDisable.Client.status`. */
  const isUsed = (key: string): boolean => {
    const [first = '', ...rest] = key.split('.')
    const ends = ids.includes(first) && rest.length > 1 ? rest.join('.') : key
    return [...named, ...ofOperations].some((place) => `.${place}`.endsWith(`.${ends}`))
  }

  test.each([
    ['MEANINGS', MEANINGS],
    ['SAMPLES', SAMPLES],
  ])('%s has no entry of a field that does not exist', (_, table) => {
    expect(Object.keys(table).filter((key) => !isUsed(key))).toEqual([])
    expect(isUsed('Client.colour')).toBe(false)
  })
})

test('example of the status has the newest migration', () => {
  const files = readdirSync(new URL('../../drizzle/sqlite/', import.meta.url))
  const newest = files
    .filter((file) => file.endsWith('.sql'))
    .toSorted()
    .at(-1)
  expect(`${(SAMPLES['Status.database'] as { schema: string }).schema}.sql`).toBe(newest)
})

test('example of a secret ends with its hint', () => {
  expect(String(SAMPLES['client_secret']).slice(-4)).toBe(SAMPLES['hint'])
})

test('groups of operations have a description that is not their name', () => {
  expect(document.tags?.length).toBeGreaterThanOrEqual(11)
  const bad = (document.tags ?? []).filter(
    ({ name, description = '' }) => !/^[A-Z].{15,}\.$/.test(description) || description === name,
  )
  const texts = bad.map(({ name }) => `${name}: add a sentence to NOUNS in openapi-document.ts`)
  expect(texts).toEqual([])
})

describe.each(ENDPOINTS.map((endpoint) => [operationId(endpoint), endpoint] as const))(
  'example of %s',
  (id, endpoint) => {
    const operation = operationOf(endpoint)
    const hint = `${id}: add the missing values to SAMPLES in src/admin/reference/samples.ts`

    test('has a value for each required parameter', () => {
      const needed = parametersOf(operation).filter(({ required }) => required)
      expect(JSON.stringify(needed.map(({ example }) => example ?? NO_SAMPLE)), hint).not.toContain(
        `"${NO_SAMPLE}"`,
      )
    })

    test('has a body that the operation accepts', () => {
      const media = mediaOf(operation.requestBody)
      expect(media === undefined).toBe(endpoint.body === undefined)
      if (media === undefined || endpoint.body === undefined) return
      expect(JSON.stringify(media.example), hint).not.toContain(`"${NO_SAMPLE}"`)
      expect(endpoint.body.safeParse(media.example).error?.issues, hint).toBeUndefined()
    })

    test('has an answer that the operation can give', () => {
      const media = answerOf(operation)
      expect(JSON.stringify(media?.example), hint).not.toContain(`"${NO_SAMPLE}"`)
      const schema = exportLineOf(endpoint.response) ?? endpoint.response
      expect(schema.safeParse(media?.example).error?.issues, hint).toBeUndefined()
      expect(tagOf(endpoint)).toBe(operation.tags?.[0])
    })
  },
)

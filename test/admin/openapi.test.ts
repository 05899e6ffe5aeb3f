// `/openapi.json` for its readers: a public validator and code generators.
import { Validator } from '@seriousme/openapi-schema-validator'
import { beforeAll, describe, expect, test } from 'vitest'
import type { oas31 } from 'zod-openapi'
import { operationsOf } from '../../src/admin/reference/paths.ts'
import { ISSUER, startServer } from '../support/server.ts'

let response: Response
let text: string
let document: oas31.OpenAPIObject

beforeAll(async () => {
  const server = await startServer()
  response = await server.request('/openapi.json')
  text = await response.text()
  document = JSON.parse(text) as oas31.OpenAPIObject
})

/** Copies the document, so that a test can break the copy. */
const copy = (): oas31.OpenAPIObject => JSON.parse(text) as oas31.OpenAPIObject

const validate = async (given: oas31.OpenAPIObject) => {
  const validator = new Validator()
  const { valid } = await validator.validate({ ...given })
  return { valid, version: validator.version }
}

/** Collects every object of the document, with nested ones. */
const objectsIn = (value: unknown): Record<string, unknown>[] => {
  if (typeof value !== 'object' || value === null) return []
  const own = Array.isArray(value) ? [] : [value as Record<string, unknown>]
  return [...own, ...Object.values(value).flatMap(objectsIn)]
}

const pointed = (reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .reduce<unknown>(
      (value, key) => (value as Record<string, unknown> | undefined)?.[key],
      document,
    )

test('OpenAPI document is JSON that may be cached for five minutes', () => {
  expect(response.status).toBe(200)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'application/json',
    'cache-control': 'max-age=300',
    etag: expect.stringMatching(/^"\w+"$/) as unknown,
  })
  expect(document.servers).toEqual([{ url: `${ISSUER}/admin/v1` }])
})

describe('public validator', () => {
  test('accepts the document as OpenAPI 3.1', async () => {
    expect(await validate(document)).toEqual({ valid: true, version: '3.1' })
  })

  test.each<[string, (broken: oas31.OpenAPIObject) => unknown]>([
    [
      'an operation without a place for its parameter',
      (d) => (parameterOf(d).in = 'soul' as never),
    ],
    ['a parameter without a name', (d) => Reflect.deleteProperty(parameterOf(d), 'name')],
    ['no title', (d) => Reflect.deleteProperty(d.info, 'title')],
    ['an unknown member', (d) => Object.assign(d, { extra: true })],
  ])('rejects the document with %s', async (_, spoil) => {
    const broken = copy()
    spoil(broken)
    expect(await validate(broken)).toMatchObject({ valid: false })
  })

  const parameterOf = (given: oas31.OpenAPIObject): oas31.ParameterObject =>
    given.paths?.['/clients']?.get?.parameters?.[0] as oas31.ParameterObject
})

test('OpenAPI document has no dangling reference', () => {
  const references = objectsIn(document).flatMap(({ $ref }) =>
    typeof $ref === 'string' ? $ref : [],
  )
  expect(references.length).toBeGreaterThan(100)
  expect(references.filter((reference) => pointed(reference) === undefined)).toEqual([])
})

test('OpenAPI schemas have names that are valid in code', () => {
  const names = Object.keys(document.components?.schemas ?? {})
  expect(names.filter((name) => !/^[A-Z][A-Za-z]+$/.test(name))).toEqual([])
  expect(names).toEqual(expect.arrayContaining(['NewClient', 'ClientChange', 'ClientList']))
})

describe('OpenAPI operations', () => {
  test('have unique ids', () => {
    const ids = operationsOf(document).map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => !/^[a-z][A-Za-z]+$/.test(id ?? ''))).toEqual([])
  })

  test('have a summary and a description of their own', () => {
    const operations = operationsOf(document)
    expect(operations.length).toBeGreaterThan(50)
    for (const { operationId, summary = '', description = '' } of operations) {
      expect(summary, operationId).toMatch(/^[A-Z][^.\n]+$/)
      expect(description, operationId).toMatch(/^[A-Z].{15,}\.$/)
      expect(description, operationId).not.toBe(summary)
    }
  })

  test('list the algorithms of each algorithm parameter', () => {
    const parameters = operationsOf(document).flatMap((operation) =>
      (operation.parameters as oas31.ParameterObject[]).filter(({ name }) => name === 'algorithm'),
    )
    expect(parameters.length).toBe(2)
    const members = objectsIn(document).flatMap(({ properties }) =>
      typeof properties === 'object' && properties !== null && 'algorithm' in properties
        ? [properties.algorithm]
        : [],
    )
    expect(members.length).toBe(7)
    const names = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']
    for (const schema of [...parameters.map((parameter) => parameter.schema), ...members]) {
      expect(schema).toMatchObject({ type: 'string', enum: names })
    }
  })

  test.each(['NewAudience', 'AudienceChange'])(
    'accept a permission of %s without implies',
    (id) => {
      const items = pointed(`#/components/schemas/${id}/properties/permissions/items`)
      expect(items).toMatchObject({ required: ['name'], properties: { implies: { default: [] } } })
    },
  )

  test('accept no unknown member', () => {
    const bodies = operationsOf(document).flatMap(({ requestBody }) => requestBody ?? [])
    expect(bodies.length).toBeGreaterThan(8)
    const named = objectsIn(bodies).flatMap(({ $ref }) =>
      $ref === undefined ? [] : pointed(String($ref)),
    )
    const objects = objectsIn([bodies, named]).filter(({ type }) => type === 'object')
    expect(objects.length).toBeGreaterThan(8)
    // Authorization details have further members, and each is checked by itself.
    const free = objects.filter(
      ({ properties, required }) =>
        'type' in ((properties ?? {}) as object) && String(required) === 'type',
    )
    // Parameters and body of a dry run belong to the rehearsed change, which checks them.
    const order = Object.values(pointed('#/components/schemas/NewDryRun/properties') as object)
    const closed = objects.filter((schema) => !free.includes(schema) && !order.includes(schema))
    expect(closed.filter((schema) => schema['additionalProperties'] !== false)).toEqual([])
  })

  test('name their refusals, each a problem', () => {
    for (const { operationId, method, path, responses = {}, security } of operationsOf(document)) {
      const statuses = ['401', '403', '422', '500', '503']
      const isWrite = JSON.stringify(security).includes('admin:write')
      if (path.includes('{')) statuses.push('404')
      if (method !== 'get') statuses.push('400', '413', '415')
      if (isWrite) statuses.push('412', '429')
      if (method === 'patch' || method === 'delete') statuses.push('428')
      expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(statuses))
      for (const status of Object.keys(responses).filter((text) => Number(text) >= 400)) {
        const { description, content } = responses[status] as oas31.ResponseObject
        expect(description, `${operationId} ${status}`).toMatch(/^`\w+`(, `\w+`)*$/)
        expect(content).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        })
      }
    }
  })
})

// Refused bodies, before any decision: their form, their fields, and the references in them.
import { describe, expect, it, test } from 'vitest'
import type { z } from 'zod'
import { ENDPOINTS } from '../../src/admin/api/table.ts'
import { parse } from '../../src/admin/operation.ts'
import { MAX_JSON_BYTES, MAX_JSON_DEPTH, MIN_TOKEN_TTL_SECONDS } from '../../src/constants.ts'
import {
  type Answer,
  badFields,
  expectProblem,
  refusalOf,
  startAdminApi,
} from '../support/admin-api.ts'
import { makeThings } from '../support/admin-requests.ts'
import { expectLinear } from '../support/growth.ts'

const api = await startAdminApi()
const { server, callers } = api
const { unbound } = callers

const JSON_TYPE = 'application/json'

/** Sends the body as it is, without further headers. */
const post = async (
  path: string,
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string>,
): Promise<Answer> => {
  const sent = new Headers(headers)
  sent.set('Authorization', `Bearer ${await api.tokenOf(unbound)}`)
  return await api.send(path, {
    method: 'POST',
    body,
    headers: sent,
    duplex: 'half',
  } as RequestInit)
}

describe('body', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  const malformed: [name: string, body: string | Uint8Array<ArrayBuffer>][] = [
    ['incomplete JSON', '{"id":"a"'],
    ['trailing text', '{"id":"a"} x'],
    ['an array', '[{"id":"a"}]'],
    ['null', 'null'],
    ['a text', '"a"'],
    ['a number', '1'],
    ['a form', 'id=a'],
    ['a space', ' '],
    ['a repeated member', '{"id":"a","id":"a"}'],
    ['a repeated member, once escaped', '{"id":"a","\\u0069d":"a"}'],
    ['a repeated __proto__', '{"id":"a","__proto__":{},"__proto__":{}}'],
    ['a repeated member further in', '{"id":"a","x":[{"y":1,"y":2}]}'],
    ['one level too deep', `{"id":"a","capabilities":${nested(MAX_JSON_DEPTH + 1)}}`],
    ['very deep nesting', `{"id":"a","capabilities":${nested(100_000)}}`],
    ['a byte order mark', '\ufeff{"id":"a"}'],
    ['UTF-16', new Uint8Array(Buffer.from('{"id":"a"}', 'utf16le'))],
    [
      'bytes that are not UTF-8',
      new Uint8Array([...Buffer.from('{"id":"a","name":"'), 0xff, 0x22, 0x7d]),
    ],
    ['a comment', '{"id":"a"/**/}'],
    ['a trailing comma', '{"id":"a",}'],
  ]
  it.each(malformed)('is refused with body_malformed: %s', async (_, body) => {
    const answer = await api.unchangedBy(() =>
      post('/plugins', body, { 'Content-Type': JSON_TYPE }),
    )
    expectProblem(answer, 400, 'body_malformed')
  })

  it.each([
    ['no type', {}],
    ['another type', { 'Content-Type': 'text/plain' }],
    ['the type of forms', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['a type that resembles JSON', { 'Content-Type': 'application/problem+json' }],
    ['two types', { 'Content-Type': 'text/plain, application/json' }],
    ['a repeated type', { 'Content-Type': 'application/json; profile=x, application/json' }],
  ])('is refused with media_type_unsupported: %s', async (_, headers) => {
    const body = new Uint8Array(Buffer.from('{"id":"a"}'))
    const answer = await api.unchangedBy(() =>
      post('/plugins', body, headers as Record<string, string>),
    )
    expectProblem(answer, 415, 'media_type_unsupported')
  })

  it.each([
    ['charset_unsupported', 'charset', 'utf-16', JSON_TYPE, ''],
    ['charset_unsupported', 'é', 'iso-8859-1', JSON_TYPE, ''],
    ['content_encoding_unsupported', 'coding', 'gzip', JSON_TYPE, 'gzip'],
    ['content_encoding_unsupported', 'coding', 'br', JSON_TYPE, 'identity, br'],
  ])('is refused with %s, and %s is named: %s', async (code, name, named, type, coding) => {
    const headers = {
      'Content-Type': coding === '' ? `${type}; charset=${named}` : type,
      ...(coding !== '' && { 'Content-Encoding': coding }),
    }
    const body = JSON.stringify({ id: 'a', name })
    const answer = await api.unchangedBy(() => post('/plugins', body, headers))
    expectProblem(answer, 415, code)
    expect(answer.body['detail']).toContain(named)
  })

  it.each([
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/json; profile="https://example.org/p"',
    'application/json;',
    'application/json; charset=utf-8; boundary=x',
  ])('is accepted as %s', async (type) => {
    const name = 'Käse: "a\\b:c" {"id":1}'
    const body = JSON.stringify({ id: `typed-${type.length}`, name })
    const answer = await post('/plugins', body, { 'Content-Type': type })
    expect([answer.status, answer.body['name']]).toEqual([201, name])
  })

  it.each([
    ['latin', 'application/json; charset=ISO-8859-1'],
    ['unknown', 'application/json; charset=made-up'],
    ['empty', 'application/json; charset='],
    ['quoted', 'application/json; q="a,b"'],
  ])(
    'is accepted with ASCII characters in a charset with ASCII, and with the coding identity: %s',
    async (id, type) => {
      const headers = { 'Content-Type': type, 'Content-Encoding': 'identity' }
      expect((await post('/plugins', JSON.stringify({ id }), headers)).status).toBe(201)
    },
  )

  const padded = (length: number): string => '{"id":"a"}'.padEnd(length)

  it('is refused with body_too_large above MAX_JSON_BYTES', async () => {
    const body = padded(MAX_JSON_BYTES + 1)
    const declared = { 'Content-Type': JSON_TYPE, 'Content-Length': String(body.length) }
    const asStream = () => new Blob([body]).stream()
    for (const answer of [
      await api.unchangedBy(() => post('/plugins', body, declared)),
      await api.unchangedBy(() => post('/plugins', asStream(), { 'Content-Type': JSON_TYPE })),
    ]) {
      expectProblem(answer, 413, 'body_too_large')
    }
    const answer = await post('/plugins', padded(MAX_JSON_BYTES), { 'Content-Type': JSON_TYPE })
    expect(answer.status).toBe(201)
  })

  it('is refused with body_malformed when it breaks off', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })
    const answer = await post('/plugins', broken, { 'Content-Type': JSON_TYPE })
    expectProblem(answer, 400, 'body_malformed')
  })

  it('is refused at an endpoint without a body', async () => {
    const { client } = await makeThings(api)
    const path = `/clients/${client}/disable`
    const answer = await api.unchangedBy(() => api.call(unbound, 'POST', path, { force: true }))
    expectProblem(answer, 422, 'invalid_value')
    expect(badFields(answer)).toEqual(['force'])
    expect((await api.call(unbound, 'POST', path, {})).status).toBe(200)
  })

  it('is refused in linear time with a chain of permissions', async () => {
    await expectLinear(1_750, (size) => {
      const permissions = Array.from({ length: size }, (_, i) => ({
        name: `p${i}`,
        implies: [`p${i + 1}`],
      }))
      return async () => {
        const answer = await api.call(unbound, 'POST', '/audiences', { id: 'chain', permissions })
        expectProblem(answer, 422, 'invalid_value')
      }
    })
  })
})

/** Wording of the validator and of JavaScript. */
const RAW = /Invalid input|expected|received|undefined|ZodError|too_small|Unrecognized/i

const VALUES = [
  undefined,
  null,
  0,
  -1,
  1.5,
  1e300,
  '',
  'é "\\',
  true,
  [],
  [null],
  {},
  [{}],
  { x: 1 },
]

describe('refusal of a body explains each field in the wording of Latchkey', () => {
  const bodies = ENDPOINTS.filter(({ body }) => body !== undefined)
  it.each(bodies.map(({ method, path, body }) => ({ method, path, body })))(
    '$method $path',
    ({ body }) => {
      for (const member of Object.keys(body?.shape ?? {})) {
        for (const value of VALUES) {
          const sent = value === undefined ? {} : { [member]: value }
          const refused = refusalOf(() => parse(body as z.ZodType, { ...sent, 'no such': 1 }))
          expect(refused.errors.length).toBeGreaterThan(0)
          for (const { detail } of refused.errors) {
            expect(detail).toMatch(/^(must|is|have) /)
            expect(detail).not.toMatch(RAW)
          }
        }
      }
    },
  )
})

describe('refusal of fields', () => {
  const cases: [path: string, body: string, fields: string[]][] = [
    ['/plugins', '{}', ['id']],
    ['/plugins', '', ['id']],
    [
      '/plugins',
      '{"id":1,"name":"","trust":"x","capabilities":["a","*"],"snapshot":" ","x":1}',
      ['id', 'name', 'trust', 'capabilities.1', 'snapshot', 'x'],
    ],
    ['/plugins', '{"id":"a","__proto__":{"trust":"bundled"}}', ['__proto__']],
    ['/plugins', '{"id":"a","constructor":1,"toString":2}', ['constructor', 'toString']],
    ['/plugins', '{"id":"a","no such":1}', ['no such']],
    ['/plugins', '{"id":"a","etag":"b","generation":2}', ['etag', 'generation']],
    ['/workspaces', '{"id":"a","status":"suspended"}', ['status']],
    [
      '/audiences',
      `{"id":"http://a.example","token_ttl":${MIN_TOKEN_TTL_SECONDS - 1},"algorithm":"none"}`,
      ['id', 'token_ttl', 'algorithm'],
    ],
    [
      '/audiences',
      '{"id":"a","permissions":[{"name":"a,b","implies":"c","x":1},{}]}',
      ['permissions.0.name', 'permissions.0.implies', 'permissions.0.x', 'permissions.1.name'],
    ],
    ['/audiences', '{"id":"a","algorithm":"ES256"}', ['algorithm']],
    [
      '/clients',
      '{"name":null,"plugins":"p","quota_per_minute":1e999,"status":"active"}',
      ['name', 'plugins', 'quota_per_minute', 'status'],
    ],
    [
      '/clients',
      '{"name":"a","workspace_id":"*","grants":[{"audience":"docs","permissions":[1]}]}',
      ['workspace_id', 'grants.0.permissions.0'],
    ],
    ['/clients', '{"name":"a","workspace_id":null}', ['workspace_id']],
    [
      '/clients',
      `{"name":"a\\u0000","token_ttl":${MIN_TOKEN_TTL_SECONDS + 0.5}}`,
      ['name', 'token_ttl'],
    ],
    ['/clients', '{"name":"\\ud800"}', ['name']],
    ['/revocations', '{"token":null}', ['token']],
  ]
  test.each(cases)('names each wrong field: %s %s: %j', async (path, body, fields) => {
    const answer = await api.unchangedBy(() => api.call(unbound, 'POST', path, body))
    expectProblem(answer, 422, 'invalid_value')
    expect(badFields(answer).toSorted()).toEqual(fields.toSorted())
  })

  it('names each reference to a record that does not exist', async () => {
    const body = {
      name: 'a',
      workspace_id: 'nowhere',
      plugins: ['p-acme', 'nothing'],
      grants: [{ audience: 'docs', permissions: ['fly'] }],
      introspects: ['nobody'],
    }
    const answer = await api.unchangedBy(() => api.call(unbound, 'POST', '/clients', body))
    expectProblem(answer, 422, 'unknown_reference')
    expect(badFields(answer)).toEqual(['workspace_id', 'plugins.1', 'introspects.0', 'grants.0'])
  })

  it('repeats no secret that was sent in a wrong field', async () => {
    const client = await server.client()
    const token = await api.tokenOf(unbound)
    for (const [method, path, body] of [
      ['GET', `/clients/${client.secret}`, undefined],
      ['POST', `/clients/${client.secret}/disable`, undefined],
      ['GET', `/plugins/${token}`, undefined],
      ['POST', '/audiences', { id: token }],
      ['POST', '/clients', { name: 'a', workspace_id: client.secret }],
      ['POST', '/clients', { name: 'a', [client.secret]: 1 }],
      ['POST', '/clients', { name: 'a', plugins: [client.secret] }],
    ] as const) {
      server.lines.length = 0
      const answer = await api.callWith(token, method, path, body)
      expect([404, 422]).toContain(answer.status)
      expectProblem(answer, answer.status, String(answer.body['code']))
      expect(JSON.stringify(server.events)).not.toContain(client.secret.slice(4))
      expect(JSON.stringify(server.events)).not.toContain(token)
    }
  })
})

// Refused registrations: each refusal leaves the enrollment token valid, and the same token
// registers a correct document.
import { afterEach, beforeAll, describe, expect, it, test } from 'vitest'
import { createEnrollment } from '../../src/admin/enrollments.ts'
import { OAUTH_ERRORS, Conflict, Unavailable } from '../../src/errors.ts'
import { adminOf } from '../support/admin.ts'
import { type TestServer, startServer } from '../support/server.ts'

type Json = Record<string, unknown>

let server: TestServer
let waitSeconds = 0
beforeAll(async () => {
  server = await startServer({ writes: async () => waitSeconds })
  await server.audience('docs', ['read', 'write'])
})
afterEach(() => {
  waitSeconds = 0
  server.heal()
})

const grants = [{ audience: 'docs', permissions: ['read'] }]
const enroll = async () => (await createEnrollment(adminOf(server), { grants })).enrollment_token

type Sent = {
  body?: string | Uint8Array<ArrayBuffer>
  query?: string
  method?: string
  headers?: Record<string, string>
}

const NAMED = { client_name: 'Daemon' }
const named = (members: Json): Sent => ({ body: JSON.stringify({ ...NAMED, ...members }) })

const register = (token: string, { body, query = '', method = 'POST', headers }: Sent = {}) =>
  server.request(`/oauth/register${query}`, {
    method,
    body: body ?? JSON.stringify(NAMED),
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${token}`,
      ...headers,
    },
  })

const REFUSED: [title: string, code: string, sent: Sent][] = [
  ['incomplete JSON', 'metadata_malformed', { body: '{' }],
  ['a list', 'metadata_malformed', { body: '[]' }],
  ['an empty body', 'metadata_malformed', { body: '' }],
  ['a repeated member', 'metadata_malformed', { body: '{"client_name":"a","client_name":"b"}' }],
  ['bytes that are not UTF-8', 'metadata_malformed', { body: new Uint8Array([0x7b, 0xff, 0x7d]) }],
  ['another media type', 'metadata_malformed', { headers: { 'Content-Type': 'text/plain' } }],
  [
    'an unsupported charset',
    'charset_unsupported',
    { headers: { 'Content-Type': 'application/json; charset=utf-16' } },
  ],
  ['a content coding', 'content_encoding_unsupported', { headers: { 'Content-Encoding': 'gzip' } }],
  ['a body that is too long', 'metadata_too_large', named({ x: 'y'.repeat(65_536) })],
  ['a member in the query', 'parameter_in_query', { query: '?scope=read' }],
  ['another spelling', 'metadata_misspelled', named({ scopes: 'read' })],
  ['no name', 'metadata_invalid', { body: '{}' }],
  ['an empty name', 'metadata_invalid', named({ client_name: '' })],
  ['an empty scope', 'metadata_invalid', named({ scope: '' })],
  ['a scope that is not granted', 'metadata_invalid', named({ scope: 'read write' })],
  ['a scope that is a list', 'metadata_invalid', named({ scope: ['read'] })],
  ['a long scope', 'metadata_invalid', named({ scope: 'x'.repeat(8_193) })],
  [
    'the grant type authorization_code',
    'metadata_invalid',
    named({ grant_types: ['authorization_code'] }),
  ],
  ['no grant type', 'metadata_invalid', named({ grant_types: [] })],
  ['a response type', 'metadata_invalid', named({ response_types: ['code'] })],
  ['a public client', 'metadata_invalid', named({ token_endpoint_auth_method: 'none' })],
  ['keys', 'metadata_invalid', named({ jwks: { keys: [] } })],
  ['a JWKS address', 'metadata_invalid', named({ jwks_uri: 'https://a.example/jwks' })],
  ['tokens bound to a key', 'metadata_invalid', named({ dpop_bound_access_tokens: true })],
  ['a malformed client_uri', 'metadata_invalid', named({ client_uri: 'me' })],
  ['a malformed language tag', 'metadata_invalid', named({ 'client_name#_': 'x' })],
  [
    'a redirection URI with a fragment',
    'redirect_uri_invalid',
    named({ redirect_uris: ['https://a.example/#x'] }),
  ],
]

const isGood = async (token: string): Promise<void> => {
  const response = await register(token, named({ scope: 'read' }))
  expect([response.status, await response.json()]).toMatchObject([201, { scope: 'read' }])
}

it.each(REFUSED)(
  'registration with %s is refused with %s, and the enrollment token stays valid',
  async (_, code, sent) => {
    const token = await enroll()
    const clients = await server.store.listClients()
    const response = await register(token, sent)
    expect(await response.json()).toMatchObject({ code })
    expect(response.status).toBe(OAUTH_ERRORS[code as keyof typeof OAUTH_ERRORS][0])
    expect(await server.store.listClients()).toHaveLength(clients.length)
    await isGood(token)
  },
)

describe('enrollment token', () => {
  test('stays valid after a request with another method', async () => {
    const token = await enroll()
    expect((await register(token, { method: 'PUT' })).status).toBe(405)
    await isGood(token)
  })

  test('stays valid after the workspace reached its limit of writes', async () => {
    const token = await enroll()
    waitSeconds = 7
    const response = await register(token)
    expect([response.status, await response.json()]).toMatchObject([
      429,
      { code: 'writes_exceeded' },
    ])
    waitSeconds = 0
    await isGood(token)
  })

  const READS = ['findWorkspace', 'findEnrollmentByHash', 'listAudiences'] as const
  test.each([...READS, 'consumeEnrollment' as const])(
    'stays valid after the database failed in %s',
    async (verb) => {
      const token = await enroll()
      server.fail(verb, new Unavailable('x'))
      expect((await register(token)).status).toBe(503)
      server.heal()
      await isGood(token)
    },
  )

  test('stays valid after a conflict in the database', async () => {
    const token = await enroll()
    server.fail('consumeEnrollment', new Conflict())
    expect((await register(token)).status).toBe(503)
    server.heal()
    await isGood(token)
  })
})

test('registration refuses response types without grant types, and drops them beside client_credentials', async () => {
  const token = await enroll()
  const members = { redirect_uris: ['https://a.example'], response_types: ['code'] }
  const response = await register(token, named(members))
  const { error_description: description } = (await response.json()) as Json
  expect(description).toBe(
    'response_types: must be none, empty or left out without grant_types [client_credentials], not [code].',
  )
  const grantTypes = ['client_credentials']
  const corrected = await register(token, named({ ...members, grant_types: grantTypes }))
  const expected = { ...members, response_types: [], grant_types: grantTypes }
  expect([corrected.status, await corrected.json()]).toMatchObject([201, expected])
})

test('registration with redirection URIs alone creates a machine client and answers them', async () => {
  const uris = { redirect_uris: ['https://a.example/cb'] }
  const response = await register(await enroll(), named(uris))
  const expected = { ...uris, response_types: [], grant_types: ['client_credentials'] }
  expect([response.status, await response.json()]).toMatchObject([201, expected])
})

test.each([[], ['none']])(
  'registration with the response types %j creates a machine client',
  async (...types) => {
    const uris = ['https://a.example']
    const response = await register(
      await enroll(),
      named({ redirect_uris: uris, response_types: types }),
    )
    expect([response.status, await response.json()]).toMatchObject([
      201,
      { redirect_uris: uris, response_types: [], grant_types: ['client_credentials'] },
    ])
  },
)

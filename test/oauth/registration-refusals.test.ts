// Every refusal of a registration leaves the enrollment token as it was: the same token registers a correct document.
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
  ['no JSON', 'metadata_malformed', { body: '{' }],
  ['a list', 'metadata_malformed', { body: '[]' }],
  ['nothing', 'metadata_malformed', { body: '' }],
  ['a member twice', 'metadata_malformed', { body: '{"client_name":"a","client_name":"b"}' }],
  ['no UTF-8', 'metadata_malformed', { body: new Uint8Array([0x7b, 0xff, 0x7d]) }],
  ['a form', 'metadata_malformed', { headers: { 'Content-Type': 'text/plain' } }],
  [
    'a charset',
    'charset_unsupported',
    { headers: { 'Content-Type': 'application/json; charset=utf-16' } },
  ],
  ['a coding', 'content_encoding_unsupported', { headers: { 'Content-Encoding': 'gzip' } }],
  ['a long body', 'metadata_too_large', named({ x: 'y'.repeat(65_536) })],
  ['a member in the query', 'parameter_in_query', { query: '?scope=read' }],
  ['another spelling', 'metadata_misspelled', named({ scopes: 'read' })],
  ['no name', 'metadata_invalid', { body: '{}' }],
  ['an empty name', 'metadata_invalid', named({ client_name: '' })],
  ['an empty scope', 'metadata_invalid', named({ scope: '' })],
  ['a scope that is not granted', 'metadata_invalid', named({ scope: 'read write' })],
  ['a scope that is no text', 'metadata_invalid', named({ scope: ['read'] })],
  ['a long scope', 'metadata_invalid', named({ scope: 'x'.repeat(8_193) })],
  ['the grant of a person', 'metadata_invalid', named({ grant_types: ['authorization_code'] })],
  ['no grant', 'metadata_invalid', named({ grant_types: [] })],
  ['a response type', 'metadata_invalid', named({ response_types: ['code'] })],
  ['a public client', 'metadata_invalid', named({ token_endpoint_auth_method: 'none' })],
  ['keys', 'metadata_invalid', named({ jwks: { keys: [] } })],
  ['an address of keys', 'metadata_invalid', named({ jwks_uri: 'https://a.example/jwks' })],
  ['bound tokens', 'metadata_invalid', named({ dpop_bound_access_tokens: true })],
  ['a bad page', 'metadata_invalid', named({ client_uri: 'me' })],
  ['a bad language', 'metadata_invalid', named({ 'client_name#_': 'x' })],
  ['a fragment', 'redirect_uri_invalid', named({ redirect_uris: ['https://a.example/#x'] })],
]

const isGood = async (token: string): Promise<void> => {
  const response = await register(token, named({ scope: 'read' }))
  expect([response.status, await response.json()]).toMatchObject([201, { scope: 'read' }])
}

it.each(REFUSED)('%s: %s', async (_, code, sent) => {
  const token = await enroll()
  const clients = await server.store.listClients()
  const response = await register(token, sent)
  expect(await response.json()).toMatchObject({ code })
  expect(response.status).toBe(OAUTH_ERRORS[code as keyof typeof OAUTH_ERRORS][0])
  expect(await server.store.listClients()).toHaveLength(clients.length)
  await isGood(token)
})

describe('what is no fault of the document', () => {
  test('another method', async () => {
    const token = await enroll()
    expect((await register(token, { method: 'PUT' })).status).toBe(405)
    await isGood(token)
  })

  test('more writes than the workspace may make', async () => {
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
    'a database that fails in %s',
    async (verb) => {
      const token = await enroll()
      server.fail(verb, new Unavailable('x'))
      expect((await register(token)).status).toBe(503)
      server.heal()
      await isGood(token)
    },
  )

  test('a database that is busy', async () => {
    const token = await enroll()
    server.fail('consumeEnrollment', new Conflict())
    expect((await register(token)).status).toBe(503)
    server.heal()
    await isGood(token)
  })
})

test('response types without grant types are named, and beside client_credentials replaced', async () => {
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

test('redirection URIs alone make a machine, and are answered', async () => {
  const uris = { redirect_uris: ['https://a.example/cb'] }
  const response = await register(await enroll(), named(uris))
  const expected = { ...uris, response_types: [], grant_types: ['client_credentials'] }
  expect([response.status, await response.json()]).toMatchObject([201, expected])
})

test.each([[], ['none']])(
  'response types that ask for nothing make a machine: %j',
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

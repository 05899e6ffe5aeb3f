// Client metadata (RFC 7591 §2): malformed values of known members are refused, null counts as left
// out, other members are ignored.
import { beforeAll, describe, expect, it } from 'vitest'
import { createEnrollment } from '../../src/admin/enrollments.ts'
import { adminOf } from '../support/admin.ts'
import { type TestServer, startServer } from '../support/server.ts'

type Json = Record<string, unknown>

let server: TestServer
let client: { id: string; token: string }
beforeAll(async () => {
  server = await startServer({ writes: async () => 0 }) // more writes than the limit for a client
  await server.audience('docs', ['read'])
  const made = await answered(await register({ client_name: 'Daemon' }), 201)
  client = { id: String(made['client_id']), token: String(made['registration_access_token']) }
})

const grants = [{ audience: 'docs', permissions: ['read'] }]

const send = (path: string, method: string, token: string, body: Json) =>
  server.request(path, {
    method,
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
  })

const register = async (body: Json) => {
  const { enrollment_token: token } = await createEnrollment(adminOf(server), { grants })
  return await send('/oauth/register', 'POST', token, body)
}

const update = async (body: Json) => {
  const path = `/oauth/register/${client.id}`
  const response = await send(path, 'PUT', client.token, { client_id: client.id, ...body })
  const { registration_access_token: next } = (await response.clone().json()) as Json
  if (next !== undefined) client.token = String(next)
  return response
}

const answered = async (response: Response, status: number): Promise<Json> => {
  const text = await response.text()
  expect(response.status, text).toBe(status)
  return JSON.parse(text) as Json
}

const NAMED = { client_name: 'Daemon' }
const ASKED = [
  ['register', register, 201],
  ['update', update, 200],
] as const

const NO_TEXT = [7, true, [], {}]
const NO_URL = [
  ...NO_TEXT,
  '',
  'me',
  '/a',
  'javascript:alert(1)',
  'https://a b',
  'https://\u202e.example',
]
const NO_LIST = ['me', 7, true, {}, { 0: 'x' }]

const MALFORMED: [member: string, values: unknown[]][] = [
  ['contacts', [...NO_LIST, [7], [null], [{}], [''], ['a\u202eb'], [['me']]]],
  ['redirect_uris', NO_LIST],
  ['grant_types', [...NO_LIST, [], [7], [null], ['password'], ['client_credentials', 'password']]],
  // Response types beside absent grant types, which mean `authorization_code`.
  ['response_types', [...NO_LIST, [7], [null], [''], ['é'], ['code'], ['none', 'code'], ['None']]],
  ...['client_uri', 'logo_uri', 'tos_uri', 'policy_uri', 'client_uri#fr', 'tos_uri#de-CH'].map(
    (member): [string, unknown[]] => [member, NO_URL],
  ),
  ['jwks_uri', [...NO_URL, 'https://a.example/jwks']],
  ['jwks', ['x', 7, [], {}, { keys: [] }, { keys: 'x' }]],
  ['software_id', [...NO_TEXT, '', 'a\u202eb']],
  ['software_version', [...NO_TEXT, '', 'a\u200bb', 1.2]],
  ['software_statement', [...NO_TEXT, '', 'x']],
  [
    'token_endpoint_auth_method',
    [...NO_TEXT, '', 'none', 'private_key_jwt', 'Client_Secret_Basic'],
  ],
  ['client_name', [...NO_TEXT, '', 'a\u202eb']],
  ['client_name#ja', [...NO_TEXT, '', 'a\u202eb']],
  ['client_name#', ['Daemon']],
  ['client_name#not a tag', ['Daemon']],
  ['scope', [...NO_TEXT, '', ' ', 'read  read', ' read', 'read ', 'write', 'read\u00a0write', 'é']],
  ['application_type', [...NO_TEXT, '', 'desktop']],
  ['subject_type', [...NO_TEXT, 'other']],
  ['default_max_age', ['1', -1, 1.5, true]],
  ['require_auth_time', ['true', 1]],
  ['request_uris', [...NO_LIST, ['x']]],
  ['id_token_signed_response_alg', [...NO_TEXT, '']],
  ...['post_logout_redirect_uris', 'claims_redirect_uris'].map((member): [string, unknown[]] => [
    member,
    [...NO_LIST, [7], [''], ['/a'], ['javascript:alert(1)'], ['https://a b']],
  ]),
  ...[
    'frontchannel_logout_uri',
    'backchannel_logout_uri',
    'backchannel_client_notification_endpoint',
  ].map((member): [string, unknown[]] => [member, NO_URL]),
  ['backchannel_logout_uri', ['https://a.example/out#me']],
  ...[
    'authorization_signed_response_alg',
    'authorization_encrypted_response_alg',
    'authorization_encrypted_response_enc',
    'backchannel_authentication_request_signing_alg',
  ].map((member): [string, unknown[]] => [member, [...NO_TEXT, '', 'RS256 ES256']]),
  ...[
    'frontchannel_logout_session_required',
    'backchannel_logout_session_required',
    'backchannel_user_code_parameter',
    'require_signed_request_object',
    'require_pushed_authorization_requests',
    'use_mtls_endpoint_aliases',
  ].map((member): [string, unknown[]] => [member, ['true', '', 1, [], {}]]),
  ['authorization_details_types', [...NO_LIST, [7], [''], ['a\u202eb']]],
  ['backchannel_token_delivery_mode', [...NO_TEXT, '', 'pull']],
  ['tls_client_auth_subject_dn', [...NO_TEXT, '', 'me', 'CN=a\u202eb']],
  ['tls_client_auth_san_dns', [...NO_TEXT, '', 'a b', 'https://a.example', 'a..b']],
  ['tls_client_auth_san_uri', [...NO_TEXT, '', 'me', '/a', 'https://a b']],
  ['tls_client_auth_san_ip', [...NO_TEXT, '', 'a.example', '10.0.0.256', '10.0.0.0/8', '[::1]']],
  ['tls_client_auth_san_email', [...NO_TEXT, '', 'me', 'a@b@c.example', 'Me <me@a.example>']],
  // Members that ask for a protection of tokens that the server lacks.
  ...['dpop_bound_access_tokens', 'tls_client_certificate_bound_access_tokens'].map(
    (member): [string, unknown[]] => [member, [true, 'true', 'false', '', 0, 1, [], {}]],
  ),
  ...[
    'introspection_signed_response_alg',
    'introspection_encrypted_response_alg',
    'introspection_encrypted_response_enc',
    'nfv_token_signed_response_alg',
    'nfv_token_encrypted_response_alg',
    'nfv_token_encrypted_response_enc',
  ].map((member): [string, unknown[]] => [member, [...NO_TEXT, '', 'RS256', 'RSA-OAEP']]),
]

describe.each(ASKED)('%s with a malformed member', (_, ask) => {
  const cases = MALFORMED.flatMap(([member, values]) =>
    values.map((value) => [member, JSON.stringify(value), value] as const),
  )
  it.each(cases)('refuses %s: %s', async (member, _text, value) => {
    const body = await answered(await ask({ ...NAMED, [member]: value }), 400)
    expect(body).toMatchObject({ error: 'invalid_client_metadata', code: 'metadata_invalid' })
    const description = String(body['error_description'])
    expect(description.startsWith(member.split('#')[0] ?? '')).toBe(true)
    expect(description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
    expect(description).not.toMatch(/Invalid input|expected|received|undefined/i)
  })
})

const WELL_FORMED: Json = {
  redirect_uris: ['https://a.example/cb?x=1', 'http://127.0.0.1:3000/cb', 'com.example.app:/cb'],
  response_types: ['code', 'code id_token'],
  contacts: ['ops@a.example', 'Zoë <zoe@a.example>'],
  client_uri: 'https://a.example',
  'client_uri#fr': 'https://a.example/fr',
  logo_uri: 'https://a.example/logo.png',
  tos_uri: 'http://a.example/tos',
  policy_uri: 'https://a.example/privacy',
  software_id: '4NRB1-0XZABZI9E6-5SM3R',
  software_version: '2.1.0-rc.1',
  'client_name#ja-Jpan-JP': 'クライアント名',
  application_type: 'native',
  default_max_age: 60,
  require_auth_time: false,
  scope: 'read',
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_post',
  post_logout_redirect_uris: ['https://a.example/out', 'com.example.app:/out'],
  claims_redirect_uris: ['https://a.example/claims'],
  frontchannel_logout_uri: 'https://a.example/out?x=1',
  backchannel_logout_uri: 'https://a.example/out',
  backchannel_logout_session_required: true,
  backchannel_token_delivery_mode: 'ping',
  backchannel_client_notification_endpoint: 'https://a.example/notify',
  authorization_signed_response_alg: 'ES256',
  authorization_details_types: ['playlist', 'https://a.example/type'],
  require_pushed_authorization_requests: true,
  use_mtls_endpoint_aliases: false,
  tls_client_auth_subject_dn: 'CN=Zoë,O=Acme\\, Inc.,C=DE',
  tls_client_auth_san_dns: 'a.example',
  tls_client_auth_san_uri: 'spiffe://a.example/daemon',
  tls_client_auth_san_ip: '2001:db8::1',
  tls_client_auth_san_email: 'ops@a.example',
  tls_client_certificate_bound_access_tokens: false,
  dpop_bound_access_tokens: false,
}

const UNKNOWN: Json = {
  'x-own': { a: [1] },
  colour: 7,
  proto: [],
  constructor: 1,
  'other#ja': 7,
  post_logout: null,
  scoped: 'write',
  audience_hint: 'hook',
}

/**
 * Grant types for cases with response types: if left out, they mean the authorization code grant.
 */
const MACHINE = { grant_types: ['client_credentials'] }

describe.each(ASKED)('%s', (_, ask, status) => {
  it.each(Object.entries(WELL_FORMED))('accepts a well-formed %s', async (member, value) => {
    await answered(await ask({ ...NAMED, ...MACHINE, [member]: value }), status)
  })

  it.each(Object.entries(UNKNOWN))('ignores the unknown member %s', async (member, value) => {
    const made = await answered(await ask({ ...NAMED, [member]: value }), status)
    expect(made).toMatchObject({ scope: 'read' })
  })

  it.each(MALFORMED.map(([member]) => member).filter((member) => member !== 'client_name'))(
    'treats null for %s as left out: case %#',
    async (member) => {
      const made = await answered(await ask({ ...NAMED, [member]: null }), status)
      expect(made).toMatchObject({ scope: 'read', grant_types: ['client_credentials'] })
    },
  )

  it('treats null for client_name as missing', async () => {
    const body = await answered(await ask({ client_name: null }), 400)
    expect(body['error_description']).toMatch(/^client_name: must be a text/)
  })
})

it.each(['registration_access_token', 'client_secret', 'client_id_issued_at'])(
  'update treats null for %s as left out',
  async (member) => {
    await answered(await update({ ...NAMED, [member]: null }), 200)
  },
)

it.each(['dpop_bound_access_tokens', 'tls_client_certificate_bound_access_tokens'])(
  'refusal of %s explains that tokens are not bound to a key',
  async (member) => {
    const body = await answered(await register({ ...NAMED, [member]: true }), 400)
    const must = 'must be false or left out: this server does not bind tokens to a key'
    expect(body['error_description']).toBe(`${member}: ${must}, not true.`)
  },
)

it('refusal of metadata names the value, shortened and without secrets', async () => {
  const described = async (body: Json) =>
    String((await answered(await register({ ...NAMED, ...body }), 400))['error_description'])
  expect(await described({ contacts: 'me' })).toBe('contacts: must be a list, not me.')
  expect(await described({ scope: 'read write' })).toContain('write')
  expect(await described({ tos_uri: '"é\\' })).toContain('not %22%C3%A9%5C.')
  const secret = `lks_${'Ab1'.repeat(14)}x`
  expect(await described({ software_version: `${secret}\u202e` })).not.toContain('Ab1')
  expect((await described({ tos_uri: 'x'.repeat(5_000) })).length).toBeLessThan(300)
})

describe('misspelled metadata', () => {
  it.each([
    ['redirectUris', 'redirect_uris, a list'],
    ['grant-types', 'grant_types, a list'],
    ['contacts[]', 'contacts, a list'],
    ['responseTypes', 'response_types, a list'],
    ['clientName', 'client_name, a text'],
    ['scopes', 'scope, a text with the values and single spaces between'],
    ['requireAuthTime', 'require_auth_time, true or false'],
    ['defaultMaxAge', 'default_max_age, a number'],
    ['JWKS', 'jwks, an object'],
  ])('%s is refused with the advice to send %s', async (spelling, sent) => {
    for (const [, ask] of ASKED) {
      const body = await answered(await ask({ ...NAMED, [spelling]: ['x'] }), 400)
      expect(body).toMatchObject({
        code: 'metadata_misspelled',
        error_description: `${spelling} is not known; send ${sent}.`,
      })
    }
  })
})

describe.each(ASKED)('%s with empty lists', (_, ask, status) => {
  it('accepts them, except for grant_types', async () => {
    const empty = { contacts: [], request_uris: [], response_types: [], redirect_uris: [] }
    await answered(await ask({ ...NAMED, ...empty }), status)
    await answered(await ask({ ...NAMED, grant_types: [] }), 400)
  })
})

describe('refusal of a list', () => {
  it.each([
    [
      { grant_types: ['authorization_code', 'refresh_token'] },
      'grant_types: must be client_credentials alone, not [authorization_code refresh_token].',
    ],
    [
      { grant_types: 'client_credentials' },
      'grant_types: must be a list with client_credentials alone, not client_credentials.',
    ],
    [
      { response_types: ['code', 'token'] },
      'response_types: must be none, empty or left out without grant_types [client_credentials], not [code token].',
    ],
    [{ scope: ['read'] }, 'scope: must be a text, not [read].'],
  ])('names its values: %j', async (members, description) => {
    for (const [, ask] of ASKED) {
      const body = await answered(await ask({ ...NAMED, ...members }), 400)
      expect(body).toMatchObject({ error_description: description })
    }
  })
})

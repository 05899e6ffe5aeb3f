// Introspection (RFC 7662): the facts of a token that each client sees.
import { beforeAll, describe, expect, test } from 'vitest'
import { MAX_TOKEN_BYTES } from '../../src/constants.ts'
import { INVALID_CLIENT, expectPrivate, expectRefusal } from '../support/answers.ts'
import { decode, partsOf, spellings } from '../support/jwt.ts'
import { testKey } from '../support/keys.ts'
import type { ClientCredentials } from '../support/records.ts'
import { type TestServer, basic, startServer } from '../support/server.ts'

const INACTIVE = { active: false }
const GRANTS = { docs: ['read'] }

let server: TestServer
let client: ClientCredentials
/** Client that may introspect tokens for `docs`. */
let docs: ClientCredentials

const startWithDocs = async () => {
  const started = await startServer({ algorithms: ['RS256', 'ES256'] })
  await started.audience('docs', ['read'])
  return started
}

beforeAll(async () => {
  server = await startWithDocs()
  await server.audience('mail', ['send'])
  client = await server.client({ grants: GRANTS })
  docs = await server.client({ introspects: ['docs'] })
})

describe('introspection', () => {
  test('shows a client all claims of its own token', async () => {
    const token = await server.issue(client)
    const response = await server.post('/oauth/introspect', { token }, { basic: client })
    expect([response.status, await response.json()]).toEqual([
      200,
      { active: true, token_type: 'Bearer', ...decode(token).claims },
    ])
    expect(response.headers.get('content-type')).toBe('application/json')
    expectPrivate(response)
  })

  test.each(['\n', '\r\n', ' ', '\t'])('ignores %j around the token', async (space) => {
    const token = await server.issue(client)
    const answer = await server.introspect(client, `${space}${token}${space}`)
    expect(answer).toMatchObject({ active: true, client_id: client.id })
  })

  test('ignores the token type hint and accepts credentials in the form', async () => {
    const form = {
      token: await server.issue(client),
      token_type_hint: 'refresh_token',
      client_id: client.id,
      client_secret: client.secret,
    }
    const response = await server.post('/oauth/introspect', form)
    expect(await response.json()).toMatchObject({ active: true })
  })

  test('shows the plugin of a token and its generation', async () => {
    const acting = await server.client({ plugins: ['acme.sync'], grants: GRANTS })
    expect(await server.introspect(acting, await server.issue(acting))).toMatchObject({
      active: true,
      plugin_id: 'acme.sync',
      plugin_gen: 1,
    })
  })

  test('shows a resource server the tokens for its audience and no others', async () => {
    const both = await server.client({ grants: { docs: ['read'], mail: ['send'] } })
    const [forDocs, forMail] = [
      await server.issue(both, { audience: 'docs' }),
      await server.issue(both, { audience: 'mail' }),
    ]
    expect(await server.introspect(docs, forDocs)).toMatchObject({ active: true, aud: 'docs' })
    expect(await server.introspect(docs, forMail)).toEqual(INACTIVE)
  })

  test('answers inactive to a client that only holds a grant for the audience', async () => {
    const neighbour = await server.client({ grants: GRANTS })
    expect(await server.introspect(neighbour, await server.issue(client))).toEqual(INACTIVE)
  })

  test('answers inactive to an unbound administrator', async () => {
    const admin = await server.client({ workspaceId: null, grants: { latchkey: ['admin:write'] } })
    expect(await server.introspect(admin, await server.issue(client))).toEqual(INACTIVE)
  })
})

describe('introspection endpoint', () => {
  test.each([
    ['no credentials', {}],
    ['a bearer token', { Authorization: 'Bearer x' }],
    ['wrong credentials', { Authorization: basic({ id: 'lkc_x', secret: 'lks_x' }) }],
  ])('refuses %s with invalid_client', async (_, headers) => {
    const token = await server.issue(client)
    await expectRefusal(
      await server.post('/oauth/introspect', { token }, { headers }),
      INVALID_CLIENT,
    )
  })

  test.each(['', 'token=', 'token=%0A', 'token=+', 'token_type_hint=access_token'])(
    'refuses a request without a token: %j',
    async (form) => {
      await expectRefusal(await server.post('/oauth/introspect', form, { basic: client }), [
        400,
        'invalid_request',
        'token_missing',
      ])
    },
  )

  test('refuses a repeated token', async () => {
    const form: [string, string][] = [
      ['token', await server.issue(client)],
      ['token', 'x'],
    ]
    const refusal = [400, 'invalid_request', 'parameter_repeated'] as const
    await expectRefusal(await server.post('/oauth/introspect', form, { basic: client }), refusal)
  })

  test('refuses a token in the query', async () => {
    const path = `/oauth/introspect?token=${await server.issue(client)}`
    const refusal = [400, 'invalid_request', 'parameter_in_query'] as const
    await expectRefusal(await server.post(path, {}, { basic: client }), refusal)
  })
})

describe('introspection of a forged token', () => {
  /** Signs the changed claims with the server's own key. */
  const forge = async (
    change: Record<string, unknown>,
    { typ = 'at+jwt', algorithm = 'RS256' as 'RS256' | 'ES256' } = {},
  ) => {
    const { claims } = decode(await server.issue(client))
    const payload = { ...claims, ...change }
    return (await server.deps.signer.sign(payload, { algorithm, typ })).token
  }
  const tampered = async (part: 0 | 1, change: Record<string, unknown>) => {
    const token = await server.issue(client)
    const parts = partsOf(token)
    const { header, claims } = decode(token)
    const json = JSON.stringify({ ...(part === 0 ? header : claims), ...change })
    parts[part] = Buffer.from(json).toString('base64url')
    return parts.join('.')
  }
  const kidOf = async (algorithm: 'RS256' | 'ES256', number: number) =>
    (await testKey(algorithm, number)).kid

  test('answers active when the forged token differs in nothing', async () => {
    expect(await server.introspect(client, await forge({}))).toMatchObject({ active: true })
    const elliptic = await forge({}, { algorithm: 'ES256' })
    expect(await server.introspect(client, elliptic)).toMatchObject({ active: true })
  })

  const cases: [name: string, token: () => string | Promise<string>][] = [
    ['a word', () => 'garbage'],
    ['two dots', () => '..'],
    ['four parts', async () => `${await server.issue(client)}.x`],
    ['a token in quotes', async () => `"${await server.issue(client)}"`],
    ['a token with a space in it', async () => (await server.issue(client)).replace('.', ' .')],
    [
      'a token with a line feed in it',
      async () => (await server.issue(client)).replace('.', '.\n'),
    ],
    ['a non-ASCII token', async () => `é.${(await server.issue(client)).slice(2)}`],
    ['no signature', async () => `${(await server.issue(client)).split('.', 2).join('.')}.`],
    ['padding', async () => `${await server.issue(client)}==`],
    ['a changed audience', () => tampered(1, { aud: 'mail' })],
    ['a changed expiry', () => tampered(1, { exp: 9_999_999_999 })],
    ['the algorithm none', () => tampered(0, { alg: 'none' })],
    ['the algorithm HS256', () => tampered(0, { alg: 'HS256' })],
    ['another configured algorithm', () => tampered(0, { alg: 'ES256' })],
    ['the kid of another key', async () => tampered(0, { kid: await kidOf('RS256', 2) })],
    [
      'the kid of a key of another algorithm',
      async () => tampered(0, { kid: await kidOf('ES256', 1) }),
    ],
    ['an unknown kid', () => tampered(0, { kid: 'x' })],
    ['a kid that is a number', () => tampered(0, { kid: 1 })],
    ['a header that is null', () => 'bnVsbA.e30.'],
    ['a header that is a list', () => 'W10.e30.'],
    ['another type, same key', () => forge({}, { typ: 'JWT' })],
    ['the type of the revocation list', () => forge({}, { typ: 'revocations+jwt' })],
    ['the long form of the type', () => forge({}, { typ: 'application/at+jwt' })],
    ['another issuer, same key', () => forge({ iss: 'https://other.example' })],
    ['an issuer with a slash', () => forge({ iss: 'https://auth.example/' })],
    ['no expiry', () => forge({ exp: undefined })],
    ['an expiry that is text', () => forge({ exp: '9999999999' })],
    ['several audiences', () => forge({ aud: ['docs'] })],
    ['no client generation', () => forge({ client_gen: undefined })],
    ['a payload that is a list', () => 'eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.W10.'],
    ['a valid token that is too long', () => forge({ note: 'x'.repeat(MAX_TOKEN_BYTES) })],
    ['a very long word', () => 'x'.repeat(60_000)],
  ]
  test.each(cases)('answers inactive for %s', async (_, token) => {
    const response = await server.post(
      '/oauth/introspect',
      { token: await token() },
      { basic: client },
    )
    expect([response.status, await response.json()]).toEqual([200, INACTIVE])
    expectPrivate(response)
  })

  test('answers active for one of sixteen spellings of a signature, the issued one', async () => {
    const token = await server.issue(client)
    const all = spellings(token)
    expect(new Set(all).size).toBe(16)
    expect(
      new Set(all.map((one) => Buffer.from(partsOf(one)[2], 'base64url').toString('hex'))).size,
    ).toBe(1)
    for (const one of all) {
      const active = one === token
      expect(await server.introspect(client, one)).toMatchObject({ active })
    }
  })

  test('answers inactive from the second of its expiry on', async () => {
    const own = await startWithDocs()
    const made = await own.client({ grants: GRANTS })
    const token = await own.issue(made)
    own.advance(899)
    expect(await own.introspect(made, token)).toMatchObject({ active: true })
    own.advance(1)
    expect(await own.introspect(made, token)).toEqual(INACTIVE)
  })
})

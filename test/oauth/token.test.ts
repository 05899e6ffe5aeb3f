// Token endpoint: the answer and the token itself (design: Access token; RFC 6749 §5.1, RFC 9068).
import { type JSONWebKeySet, createLocalJWKSet, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectPrivate, expectRefusal } from '../support/answers.ts'
import { decode } from '../support/jwt.ts'
import { testKey } from '../support/keys.ts'
import { ISSUER, START_SECONDS, type TestServer, startServer } from '../support/server.ts'

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] as const

let server: TestServer

beforeAll(async () => {
  server = await startServer({ algorithms: ALGORITHMS })
  await server.audience('docs', ['read', 'write>read'])
  await server.plugin('acme.sync', {
    trust: 'trusted',
    capabilities: ['connector:slack', 'connector'],
    snapshot: 'sha256-1',
  })
  await server.plugin('acme.bare')
})

const RANDOM_ID = expect.stringMatching(/^[\w-]{22}$/) as unknown

describe('token response', () => {
  test('has the members of RFC 6749 §5.1 alone', async () => {
    const client = await server.client({ grants: { docs: ['write'] } })
    const response = await server.requestToken({}, { basic: client })
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as unknown,
        token_type: 'Bearer',
        expires_in: 900,
        scope: 'write read',
      },
    ])
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.has('www-authenticate')).toBe(false)
    expectPrivate(response)
  })
})

test('token endpoint refuses a token that is too long to be revoked with token_too_long', async () => {
  const capabilities = Array.from({ length: 300 }, (_, i) => `connector:service-${i}`)
  await server.plugin('acme.everything', { capabilities })
  await server.audience(
    'wide',
    Array.from({ length: 100 }, (_, i) => `wide:permission-${i}`),
  )
  const client = await server.client({
    grants: { wide: ['wide:permission-1'] },
    plugins: ['acme.bare', 'acme.everything'],
  })
  const short = await server.requestToken({ plugin_id: 'acme.bare' }, { basic: client })
  expect(short.status).toBe(200)
  const long = await server.requestToken({ plugin_id: 'acme.everything' }, { basic: client })
  await expectRefusal(long, [400, 'invalid_scope', 'token_too_long'])
})

describe('access token', () => {
  const shared = { iss: ISSUER, iat: START_SECONDS, exp: START_SECONDS + 900, jti: RANDOM_ID }
  const workspace = { workspace_id: 'default', workspace_gen: 1, workspace_ref: RANDOM_ID }

  test('has alg, typ and kid in its header', async () => {
    const client = await server.client({ grants: { docs: ['read'] } })
    const { header } = decode(await server.issue(client))
    const { kid } = await testKey('RS256', 1)
    expect(header).toEqual({ alg: 'RS256', typ: 'at+jwt', kid })
  })

  test('has these claims alone without a plugin', async () => {
    const client = await server.client({ grants: { docs: ['write'] } })
    expect(decode(await server.issue(client)).claims).toEqual({
      ...shared,
      ...workspace,
      sub: client.id,
      client_id: client.id,
      client_gen: 1,
      aud: 'docs',
      scope: 'write read',
    })
  })

  test('has these claims alone with a plugin', async () => {
    const client = await server.client({
      plugins: ['acme.sync'],
      grants: { hook: ['hook:track', 'hook:govern'] },
    })
    expect(decode(await server.issue(client)).claims).toEqual({
      ...shared,
      ...workspace,
      sub: client.id,
      client_id: client.id,
      client_gen: 1,
      aud: 'hook',
      scope: 'hook:govern hook:track',
      plugin_id: 'acme.sync',
      plugin_gen: 1,
      plugin_trust: 'trusted',
      plugin_capabilities: ['connector:slack', 'connector'],
      plugin_snapshot: 'sha256-1',
    })
  })

  test('omits the snapshot of a plugin without one', async () => {
    const client = await server.client({ plugins: ['acme.bare'], grants: { docs: ['read'] } })
    const { claims } = decode(await server.issue(client))
    expect(claims).toMatchObject({ plugin_trust: 'restricted', plugin_capabilities: [] })
    expect(claims).not.toHaveProperty('plugin_snapshot')
  })

  test('has no workspace claims for an unbound administrator', async () => {
    const client = await server.client({
      workspaceId: null,
      grants: { latchkey: ['admin:read', 'admin:write'] },
    })
    expect(decode(await server.issue(client)).claims).toEqual({
      ...shared,
      sub: client.id,
      client_id: client.id,
      client_gen: 1,
      aud: 'latchkey',
      scope: 'admin:read admin:write',
    })
  })

  test('has the current generations', async () => {
    await server.workspace('moved')
    await server.setWorkspaceStatus('moved', 'suspended')
    await server.setWorkspaceStatus('moved', 'active')
    await server.plugin('acme.raised')
    await server.store.revokePluginTokens('acme.raised', server.seconds())
    const client = await server.client({
      workspaceId: 'moved',
      plugins: ['acme.raised'],
      grants: { docs: ['read'] },
    })
    await server.store.revokeClientTokens(client.id, server.seconds())
    await server.store.revokeClientTokens(client.id, server.seconds())
    expect(decode(await server.issue(client)).claims).toMatchObject({
      workspace_gen: 2,
      plugin_gen: 2,
      client_gen: 3,
    })
  })

  test('has a unique jti', async () => {
    const client = await server.client({ grants: { docs: ['read'] } })
    const tokens = await Promise.all(Array.from({ length: 30 }, () => server.issue(client)))
    expect(new Set(tokens.map((token) => decode(token).claims.jti)).size).toBe(30)
  })

  test('has the times of the clock', async () => {
    const moving = await startServer()
    await moving.audience('docs', ['read'])
    const client = await moving.client({ grants: { docs: ['read'] } })
    moving.advance(86_400 * 365)
    expect(decode(await moving.issue(client)).claims).toMatchObject({
      iat: START_SECONDS + 86_400 * 365,
      exp: START_SECONDS + 86_400 * 365 + 900,
    })
  })
})

describe('token lifetime in seconds', () => {
  test.each([
    ['the default', null, null, 900],
    ['the value of the audience', 60, null, 60],
    ['the longer value of the audience', 86_400, null, 86_400],
    ['the value of the client', null, 120, 120],
    ['the longer value of the client', null, 3_600, 3_600],
    ['the smaller value, of the audience', 300, 600, 300],
    ['the smaller value, of the client', 600, 300, 300],
  ])('is %s', async (name, audience, client, expected) => {
    await server.audience(`ttl:${name}`.replaceAll(/[ ,]/g, '-'), ['read'], { tokenTtl: audience })
    const made = await server.client({
      tokenTtl: client,
      grants: { [`ttl:${name}`.replaceAll(/[ ,]/g, '-')]: ['read'] },
    })
    const response = await server.requestToken({}, { basic: made })
    const body = (await response.json()) as { access_token: string; expires_in: number }
    const { iat, exp } = decode(body.access_token).claims as { iat: number; exp: number }
    expect([body.expires_in, exp - iat]).toEqual([expected, expected])
  })

  test('is configured by tokenTtlSeconds', async () => {
    const configured = await startServer({ tokenTtlSeconds: 120 })
    await configured.audience('docs', ['read'])
    const client = await configured.client({ grants: { docs: ['read'] } })
    const response = await configured.requestToken({}, { basic: client })
    expect(await response.json()).toMatchObject({ expires_in: 120 })
  })
})

describe('token signature', () => {
  test.each(ALGORITHMS)('verifies with the published keys: %s', async (algorithm) => {
    await server.audience(`signed:${algorithm}`, ['read'], { algorithm })
    const client = await server.client({ grants: { [`signed:${algorithm}`]: ['read'] } })
    const token = await server.issue(client)
    const jwks = await (await server.request('/.well-known/jwks.json')).json()
    const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks as JSONWebKeySet), {
      issuer: ISSUER,
      audience: `signed:${algorithm}`,
      typ: 'at+jwt',
      algorithms: [algorithm],
      currentDate: new Date(server.deps.clock()),
    })
    const { kid } = await testKey(algorithm, 1)
    expect(protectedHeader).toEqual({ alg: algorithm, typ: 'at+jwt', kid })
    expect(await server.introspect(client, token)).toMatchObject({ active: true })
    await server.revoke(client, token)
    expect(await server.introspect(client, token)).toEqual({ active: false })
  })
})

describe('quota', () => {
  const USED_UP = [429, 'temporarily_unavailable', 'quota_exceeded'] as const

  test('counts the authenticated requests of each client', async () => {
    const [client, other] = [
      await server.client({ quotaPerMinute: 2, grants: { docs: ['read'] } }),
      await server.client({ quotaPerMinute: 2, grants: { docs: ['read'] } }),
    ]
    const status = async (credentials: typeof client) =>
      (await server.requestToken({}, { basic: credentials })).status
    const impostor = { ...client, secret: other.secret }
    for (let i = 0; i < 3; i++) expect(await status(impostor)).toBe(401)
    expect([await status(client), await status(client)]).toEqual([200, 200])
    const refused = await server.requestToken({}, { basic: client })
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait).toBeGreaterThanOrEqual(1)
    expect(wait).toBeLessThanOrEqual(60)
    await expectRefusal(refused, USED_UP)
    expect(await status(other)).toBe(200)
  })

  test('refuses with the wait in Retry-After, and is asked for clients without a quota too', async () => {
    const asked: [string, number | null][] = []
    const scripted = await startServer({
      quota: async (...request) => {
        asked.push(request)
        return request[1] === null ? 0 : 17
      },
    })
    await scripted.audience('docs', ['read'])
    const free = await scripted.client({ grants: { docs: ['read'] } })
    const bounded = await scripted.client({ quotaPerMinute: 5, grants: { docs: ['read'] } })
    expect((await scripted.requestToken({}, { basic: free })).status).toBe(200)
    const refused = await scripted.requestToken({}, { basic: bounded })
    expect(refused.headers.get('retry-after')).toBe('17')
    await expectRefusal(refused, USED_UP)
    expect(asked).toEqual([
      [free.id, null],
      [bounded.id, 5],
    ])
  })
})

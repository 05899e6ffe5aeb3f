// Public documents: JWKS (RFC 7517) and metadata (RFC 8414), their caching, and who may read them.
import { beforeAll, describe, expect, test } from 'vitest'
import { KEY_RETIREMENT_SECONDS } from '../../src/constants.ts'
import { Unavailable } from '../../src/errors.ts'
import type { Algorithm } from '../../src/signing/algorithms.ts'
import { live } from '../support/clock.ts'
import { testKey } from '../support/keys.ts'
import { ISSUER, type TestServer, startServer } from '../support/server.ts'

const JWKS = '/.well-known/jwks.json'
const METADATA = '/.well-known/oauth-authorization-server'
const OPENID = '/.well-known/openid-configuration'
const DOCUMENTS = [
  [JWKS, 'application/jwk-set+json'],
  [METADATA, 'application/json'],
  [OPENID, 'application/json'],
] as const

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})

type Jwk = Record<string, string>
const rs256First = (a = '', b = '') => Number(b === 'RS256') - Number(a === 'RS256')
const jwksOf = async (from: TestServer): Promise<Jwk[]> => {
  const body = (await (await from.request(JWKS)).json()) as { keys: Jwk[] }
  expect(Object.keys(body)).toEqual(['keys'])
  return body.keys
}

describe.each([METADATA, OPENID])('metadata at %s', (address) => {
  test('names the supported features from the configured issuer, for requests with any Host', async () => {
    const methods = ['client_secret_basic', 'client_secret_post']
    const headers = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' }
    const response = await server.request(address, { headers })
    expect(await response.json()).toEqual({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/oauth/authorize`,
      token_endpoint: `${ISSUER}/oauth/token`,
      token_endpoint_auth_methods_supported: methods,
      introspection_endpoint: `${ISSUER}/oauth/introspect`,
      introspection_endpoint_auth_methods_supported: methods,
      revocation_endpoint: `${ISSUER}/oauth/revoke`,
      revocation_endpoint_auth_methods_supported: methods,
      run_revocation_endpoint: `${ISSUER}/oauth/runs/revoke`,
      registration_endpoint: `${ISSUER}/oauth/register`,
      revocation_list_endpoint: `${ISSUER}/oauth/revocations`,
      jwks_uri: `${ISSUER}${JWKS}`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: ['none'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      authorization_details_types_supported: ['tool_run'],
    })
  })

  test('names only addresses that answer', async () => {
    const metadata = (await (await server.request(address)).json()) as Record<string, unknown>
    const addresses = Object.values(metadata).filter(
      (value): value is string => typeof value === 'string' && value !== ISSUER,
    )
    expect(addresses).toHaveLength(8)
    for (const url of addresses) {
      const method = url.includes('/oauth/') ? 'POST' : 'GET'
      expect((await server.request(url.slice(ISSUER.length), { method })).status).not.toBe(404)
    }
  })

  test('contains no empty list (RFC 8414 §3.2)', async () => {
    const metadata = (await (await server.request(address)).json()) as Record<string, unknown>
    const lists = Object.entries(metadata).filter(([, value]) => Array.isArray(value))
    expect(lists.length).toBeGreaterThan(5)
    expect(lists.filter(([, list]) => (list as unknown[]).length === 0)).toEqual([])
  })

  test('names the algorithms of tokens with RS256 first, in any configured order', async () => {
    const algorithms = ['Ed25519', 'ES256', 'RS256', 'EdDSA'] as const
    const several = await startServer({ algorithms })
    const metadata = (await (await several.request(address)).json()) as object
    expect(metadata).toMatchObject({
      id_token_signing_alg_values_supported: ['RS256', 'Ed25519', 'ES256', 'EdDSA'],
    })
  })
})

test('metadata addresses answer the same bytes under the same ETag', async () => {
  const [one, other] = [await server.request(METADATA), await server.request(OPENID)]
  expect(await other.text()).toBe(await one.text())
  expect(other.headers.get('etag')).toBe(one.headers.get('etag'))
})

// The issuer has no path (RFC 8414 §3.3). A lenient client of another server on the same host would
// accept the endpoints of a document that is answered here, and send its credentials to them.
test.each([
  `${METADATA}/tenant`,
  `${METADATA}/`,
  `${OPENID}/tenant`,
  `${OPENID}/`,
  `/tenant${OPENID}`,
  `/oauth${OPENID}`,
  `/${OPENID}`,
  `/tenant${METADATA}`,
])('metadata of another issuer at %s answers 404', async (path) => {
  const response = await server.request(path)
  expect([response.status, await response.text()]).toEqual([
    404,
    expect.not.stringContaining(ISSUER),
  ])
  expect(response.headers.has('access-control-allow-origin')).toBe(false)
})

describe('JWKS', () => {
  test('publishes the active and the next key of each algorithm with public members only', async () => {
    const algorithms = ['RS256', 'ES256', 'EdDSA', 'Ed25519'] as const
    const several = await startServer({ algorithms })
    const base64url = expect.stringMatching(/^[\w-]+$/) as unknown
    const members = {
      RS256: { kty: 'RSA', n: base64url, e: 'AQAB' },
      ES256: { kty: 'EC', crv: 'P-256', x: base64url, y: base64url },
      EdDSA: { kty: 'OKP', crv: 'Ed25519', x: base64url },
      Ed25519: { kty: 'OKP', crv: 'Ed25519', x: base64url },
    }
    const expected = await Promise.all(
      algorithms.flatMap((alg) =>
        [1, 2].map(async (number) => ({
          ...members[alg],
          kid: (await testKey(alg, number)).kid,
          alg,
          use: 'sig',
        })),
      ),
    )
    const keys = await jwksOf(several)
    expect(keys).toHaveLength(expected.length)
    expect(keys).toEqual(expect.arrayContaining(expected))
  })

  test('begins with RS256 before, during and after a rotation', async () => {
    const algorithms = ['Ed25519', 'ES256', 'RS256'] as const
    const own = await startServer({ algorithms })
    const kid = async (alg: Algorithm, number: number) => (await testKey(alg, number)).kid
    const order = async () => (await jwksOf(own)).map((key) => key['alg'])
    expect((await order()).slice(0, 2)).toEqual(['RS256', 'RS256'])
    expect(await order()).toHaveLength(6)

    for (const alg of ['ES256', 'RS256', 'Ed25519'] as const) {
      const promotion = { from: await kid(alg, 1), to: await kid(alg, 2) }
      await own.store.promoteKeys([promotion], [await testKey(alg, 3)], own.seconds())
      const now = await order()
      expect(now).toEqual(now.toSorted(rs256First))
      expect((await jwksOf(own))[0]).toMatchObject({
        kid: await kid('RS256', alg === 'ES256' ? 1 : 2),
      })
    }

    await own.store.revokeKeys([await kid('RS256', 2)], [await testKey('RS256', 4)], own.seconds())
    const now = await order()
    expect(now).toEqual(now.toSorted(rs256First))
    expect((await jwksOf(own))[0]).toMatchObject({ kid: await kid('RS256', 3) })
  })

  test('omits private members, even when the row of a key has them', async () => {
    const leaking = await startServer()
    leaking.sql(`update signing_keys set public_jwk = json_set(public_jwk, '$.d', 'private',
      '$.p', 'private', '$.q', 'private', '$.k', 'private', '$.oth', 'private')`)
    const keys = await jwksOf(leaking)
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
    }
    expect(JSON.stringify(keys)).not.toContain('private')
  })

  test('keeps a retiring key while its tokens can live, and drops a revoked key at once', async () => {
    const own = await startServer()
    const [first, second, third, fourth] = await Promise.all(
      [1, 2, 3, 4].map(async (number) => (await testKey('RS256', number)).kid),
    )
    const kids = async () => new Set((await jwksOf(own)).map((key) => key.kid))
    expect(await kids()).toEqual(new Set([first, second]))

    await own.store.revokeKeys([first ?? ''], [await testKey('RS256', 3)], own.seconds())
    expect(await kids()).toEqual(new Set([second, third]))

    const promotion = { from: second ?? '', to: third ?? '' }
    await own.store.promoteKeys([promotion], [await testKey('RS256', 4)], own.seconds())
    expect(await kids()).toEqual(new Set([second, third, fourth]))

    own.advance(KEY_RETIREMENT_SECONDS - 1)
    expect(await kids()).toEqual(new Set([second, third, fourth]))
    own.advance(1)
    await live(own.store, own.seconds())
    expect(await kids()).toEqual(new Set([third, fourth]))
  })
})

describe.each(DOCUMENTS)('public document %s', (path, type) => {
  test('may be cached for an hour and read from any origin', async () => {
    const response = await server.request(path)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': type,
      'cache-control': 'public, max-age=3600',
      'access-control-allow-origin': '*',
      etag: expect.stringMatching(/^"\w+"$/) as unknown,
    })
    expect(response.headers.has('access-control-allow-credentials')).toBe(false)
    expect(response.headers.has('pragma')).toBe(false)
  })

  const current = async () => (await server.request(path)).headers.get('etag') ?? ''

  test.each([
    ['the same ETag', (etag: string) => etag],
    ['the same ETag, weak', (etag: string) => `W/${etag}`],
    ['several ETags', (etag: string) => `"other", ${etag}`],
    ['an asterisk', () => '*'],
  ])('answers 304 to If-None-Match with %s', async (_, header) => {
    const etag = await current()
    const headers = { 'If-None-Match': header(etag), 'X-Request-Id': 'trace-1' }
    const response = await server.request(path, { headers })
    expect([response.status, await response.text()]).toEqual([304, ''])
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag,
      'cache-control': 'public, max-age=3600',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
      'x-request-id': 'trace-1',
    })
  })

  test.each(['"other"', 'W/"other"', ''])(
    'answers 200 to If-None-Match with another ETag: %j',
    async (etag) => {
      const response = await server.request(path, { headers: { 'If-None-Match': etag } })
      expect(response.status).toBe(200)
      expect(await response.json()).toBeTypeOf('object')
    },
  )

  test('answers HEAD with the headers of GET and no body', async () => {
    const headers = { 'X-Request-Id': 'trace-1' }
    const [get, head] = [
      await server.request(path, { headers }),
      await server.request(path, { headers, method: 'HEAD' }),
    ]
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(new Map(head.headers)).toEqual(new Map(get.headers))
  })

  test('ignores the Authorization header', async () => {
    const headers = { Authorization: 'Basic !!!' }
    expect((await server.request(path, { headers })).status).toBe(200)
  })
})

test('ETag of the JWKS changes with the keys', async () => {
  const own = await startServer()
  const etag = async () => (await own.request(JWKS)).headers.get('etag')
  const before = await etag()
  expect(await etag()).toBe(before)
  const { kid } = await testKey('RS256', 1)
  await own.store.revokeKeys([kid], [await testKey('RS256', 3)], own.seconds())
  expect(await etag()).not.toBe(before)
})

test('JWKS answers 503 without keys and without caching when the database fails', async () => {
  const own = await startServer()
  own.fail('listKeys', new Unavailable('SQLITE_BUSY'))
  const response = await own.request(JWKS, { headers: { 'If-None-Match': '*' } })
  expect([response.status, await response.text()]).toEqual([
    503,
    expect.not.stringContaining('keys'),
  ])
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.has('etag')).toBe(false)
})

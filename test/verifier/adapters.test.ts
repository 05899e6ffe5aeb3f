// Adapters: the answer to a refused request (RFC 6750 §3), and what a handler gets.
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { type TokenEnv, honoAdapter } from '../../src/verifier/adapters/hono.ts'
import {
  type RouteRequirements,
  VerificationError,
  anyPlugin,
  authorizationChallenge,
  noPlugin,
  requestAdapter,
} from '../../src/verifier/index.ts'
import type { VerifierOptions } from '../../src/verifier/types.ts'
import { ADAPTERS, ADAPTER_OF, PERMISSION, askWith, bearer, plugin, request } from './adapters.ts'
import { KEY, NOW, forge, startVerifier, tokenWith } from './support.ts'

describe.each(Object.entries(ADAPTERS))('%s adapter', (_, adapter) => {
  const ask = askWith(adapter)

  test('passes a valid token to the handler', async () => {
    const response = await ask(request(bearer(forge())))
    expect([response.status, await response.text()]).toEqual([200, 'acme.sync'])
    expect(response.headers.get('www-authenticate')).toBeNull()
  })

  const SCOPE = `, scope="${PERMISSION}"`
  const invalid = (description: string) =>
    `Bearer error="invalid_token", error_description="${description}"`
  const insufficient = (description: string) =>
    `Bearer error="insufficient_scope", error_description="${description}"`

  test.each<[string, Request, number, string]>([
    ['token_missing', request({}), 401, 'Bearer'],
    [
      'token_malformed',
      request(bearer('x')),
      401,
      invalid('The token is not a well-formed access token.'),
    ],
    [
      'token_untrusted',
      request(bearer(tokenWith({ aud: 'x' }))),
      401,
      invalid('The token is not one that this server trusts.'),
    ],
    [
      'token_expired',
      request(bearer(tokenWith({ iat: 1, exp: 2 }))),
      401,
      invalid('The token has expired.'),
    ],
    [
      'token_not_yet_valid',
      request(bearer(tokenWith({ iat: NOW + 60 }))),
      401,
      invalid('The token is not valid yet by the clock of this server.'),
    ],
    [
      'permission_missing',
      request(bearer(tokenWith({ scope: '' }))),
      403,
      insufficient('The token lacks the permission.') + SCOPE,
    ],
    [
      'plugin_missing',
      request(bearer(tokenWith({ plugin_id: undefined }))),
      403,
      insufficient('The token names no plugin.') + SCOPE,
    ],
    [
      'plugin_mismatch',
      request(bearer(forge()), '/hooks/x?plugin_id=evil.plugin'),
      403,
      insufficient('The token is for another plugin than the request.') + SCOPE,
    ],
  ])(
    'refuses a request with its status, body and challenge: %s',
    async (code, sent, status, challenge) => {
      const response = await ask(sent)
      const text = await response.text()
      const { error_description, ...body } = JSON.parse(text) as Record<string, string>
      const error = challenge.split('"')[1]
      expect([response.status, body]).toEqual([
        status,
        error === undefined ? { code } : { code, error },
      ])
      expect(Object.fromEntries(response.headers)).toEqual({
        'cache-control': 'no-store',
        'content-type': 'application/json',
        'www-authenticate': challenge,
      })
      if (error !== undefined)
        expect(challenge).toContain(`error_description="${error_description}"`)
      expect(text).not.toMatch(/acme|evil|eyJ/)
    },
  )

  test('refuses a revoked token with 401', async () => {
    const options = { revocations: { isRevoked: () => true } }
    const response = await ask(request(bearer(forge())), {}, options)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(invalid('The token has been revoked.'))
    expect(await response.json()).toMatchObject({ error: 'invalid_token', code: 'token_revoked' })
  })

  test.each<[string, Partial<VerifierOptions>, boolean]>([
    ['keys_unavailable', {}, true],
    ['revocations_stale', { revocations: { isRevoked: () => Promise.reject(new Error()) } }, false],
  ])(
    'answers 503 without a challenge when it cannot decide: %s',
    async (code, options, keysDown) => {
      const response = await ask(request(bearer(forge())), {}, options, keysDown)
      expect(response.status).toBe(503)
      expect(Object.fromEntries(response.headers)).toEqual({
        'cache-control': 'no-store',
        'content-type': 'application/json',
        'retry-after': expect.stringMatching(/^[1-9][0-9]?$/) as unknown,
      })
      expect(await response.json()).toEqual({
        code,
        error_description: expect.any(String) as unknown,
      })
    },
  )

  test('names no scope in the challenge of a route without a permission', async () => {
    const token = tokenWith({ scope: '' })
    const route = { permission: null }
    expect((await ask(request(bearer(token)), route)).status).toBe(200)
    const response = await ask(request(bearer(token), '/hooks/x'), route)
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).not.toContain('scope=')
  })

  const good = forge()

  test('passes run and capability to the verifier', async () => {
    const run = { endpoint: '/v1/issues', operation: 'delete' }
    const codes = [{ run }, { capability: 'x' }].map(async (more) => {
      const response = await ask(request(bearer(good)), { required: { plugin, ...more } })
      return ((await response.json()) as { code: string }).code
    })
    expect(await Promise.all(codes)).toEqual(['operation_denied', 'capability_missing'])
  })

  const METADATA = 'https://api.example/.well-known/oauth-protected-resource'
  const route = { options: { resourceMetadata: METADATA } }

  test.each<[string, Request, number, string]>([
    ['no token', request({}), 401, `Bearer resource_metadata="${METADATA}"`],
    [
      'a malformed token',
      request(bearer('x')),
      401,
      `${invalid('The token is not a well-formed access token.')}, resource_metadata="${METADATA}"`,
    ],
    [
      'a token without the permission',
      request(bearer(tokenWith({ scope: '' }))),
      403,
      `${insufficient('The token lacks the permission.')}${SCOPE}, resource_metadata="${METADATA}"`,
    ],
  ])(
    'names the metadata in the challenge (RFC 9728 §5.1): %s',
    async (_name, sent, status, challenge) => {
      const response = await ask(sent, route)
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([
        status,
        challenge,
      ])
    },
  )

  test('names the metadata in no other answer', async () => {
    const passed = await ask(request(bearer(good)), route)
    const unknown = await ask(request(bearer(good)), route, {}, true)
    expect([passed.status, unknown.status]).toEqual([200, 503])
    for (const { headers } of [passed, unknown]) expect(headers.has('www-authenticate')).toBe(false)
  })

  test('answers HEAD with the same status and headers, without a body', async () => {
    const url = '/hooks/x?plugin_id=acme.sync'
    const refused = await ask(request({}, url, 'HEAD'))
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect((await ask(request(bearer(good), url, 'HEAD'))).status).toBe(200)
  })
})

test.each<[string, unknown, unknown]>([
  ['no arguments', undefined, undefined],
  ['no requirements', PERMISSION, undefined],
  ['no plugin', PERMISSION, {}],
  ['plugin undefined', PERMISSION, { plugin: undefined }],
  ['plugin null', PERMISSION, { plugin: null }],
  ['a plugin that no request names', PERMISSION, { plugin: 'acme.sync' }],
  ['no permission', undefined, { plugin }],
  ['an empty permission', '', { plugin }],
  ['run undefined', PERMISSION, { plugin, run: undefined }],
  ['capability undefined', PERMISSION, { plugin, capability: undefined }],
])('route builder throws a TypeError for %s', (_name, permission, required) => {
  const { verifier } = startVerifier()
  for (const adapterOf of Object.values(ADAPTER_OF)) {
    const make = adapterOf(verifier)
    const build = () => make(permission as string, required as RouteRequirements)
    expect(build).toThrow(TypeError)
  }
})

test.each(Object.entries(ADAPTER_OF))(
  '%s adapter throws a TypeError for a route with a plugin and a verifier without plugins',
  (_, adapterOf) => {
    const { verifier } = startVerifier({ plugins: 'none' })
    const make = adapterOf(verifier)
    expect(() => make(PERMISSION, { plugin })).toThrow(TypeError)
    expect(() => make(PERMISSION, { plugin: anyPlugin })).toThrow(TypeError)
    expect(make(PERMISSION, { plugin: noPlugin })).toBeTypeOf('function')
  },
)

test('adapter passes on an error that is no refusal', async () => {
  const failing = () => {
    throw new RangeError('bug')
  }
  const { verifier } = startVerifier()
  const check = requestAdapter(verifier)(PERMISSION, { plugin: failing })
  await expect(check(request(bearer(forge())))).rejects.toThrow(RangeError)
  const app = new Hono<TokenEnv>()
  app.post('/', honoAdapter(verifier)(PERMISSION, { plugin: failing }), (c) => c.text('ran'))
  app.onError((error, c) => c.text(error.message, 500))
  const response = await app.request(new Request('https://x/', request(bearer(forge()))))
  expect([response.status, await response.text()]).toEqual([500, 'bug'])
})

test('adapter leaves an error of the handler to the application', async () => {
  const app = new Hono<TokenEnv>()
  const { verifier } = startVerifier()
  app.post('/', honoAdapter(verifier)(PERMISSION, { plugin: anyPlugin }), () => {
    throw new VerificationError('token_revoked')
  })
  app.onError((error, c) => c.text(error.message, 500))
  const response = await app.request('/', { method: 'POST', headers: bearer(forge()) })
  expect(response.status).toBe(500)
})

describe('authorizationChallenge', () => {
  test('names a scope with status 403 only', () => {
    const headers = (code: ConstructorParameters<typeof VerificationError>[0]) =>
      authorizationChallenge(new VerificationError(code), 'a b').headers
    expect(headers('permission_missing')['WWW-Authenticate']).toContain(', scope="a b"')
    expect(headers('token_expired')['WWW-Authenticate']).not.toContain('scope')
    expect(headers('token_missing')['WWW-Authenticate']).toBe('Bearer')
    expect(headers('keys_unavailable')).not.toHaveProperty('WWW-Authenticate')
  })

  test('contains nothing about keys or requirements', async () => {
    const { verifier } = startVerifier()
    const error: unknown = await verifier
      .verify(forge({ header: { alg: 'RS256', typ: 'at+jwt', kid: 'kid-in-token' } }), {
        permission: 'secret',
        plugin: 'secret',
      })
      .catch((thrown: unknown) => thrown)
    const said = JSON.stringify(authorizationChallenge(error as VerificationError, 'p'))
    expect(said).not.toMatch(new RegExp(`kid-in-token|secret|${KEY.kid}|https`))
  })
})

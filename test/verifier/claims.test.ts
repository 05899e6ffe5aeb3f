// Claims: which there must be, of which kind, and when they are good.
import { describe, expect, test } from 'vitest'
import type { Requirements } from '../../src/verifier/token/requirements.ts'
import {
  CLAIMS,
  LIFETIME,
  NOW,
  REQUIRED,
  RUN,
  forge,
  startVerifier,
  textWith,
  tokenWith,
} from './support.ts'

describe('malformed', () => {
  const expectMalformed = async (token: string): Promise<void> => {
    const { check, server } = startVerifier()
    expect(await check(token)).toBe('token_malformed')
    expect(server.asked()).toBe(0)
  }

  const NOT_A_TIME = [
    'null',
    'true',
    `"${NOW + 60}"`,
    `[${NOW + 60}]`,
    '{}',
    '1e999',
    '-1e999',
    '""',
  ]
  const NOT_A_STRING = ['null', 'true', '1', '["x"]', '{}', '[]']
  const MEMBERS: Record<string, string[]> = {
    exp: NOT_A_TIME,
    iat: NOT_A_TIME,
    nbf: NOT_A_TIME,
    iss: NOT_A_STRING,
    sub: NOT_A_STRING,
    client_id: NOT_A_STRING,
    jti: NOT_A_STRING,
    scope: [...NOT_A_STRING, '["hook:govern"]', '[["hook:govern"]]'],
  }
  const cases = Object.entries(MEMBERS).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  )
  test.each(cases)('%s: %s', (name, value) =>
    expectMalformed(forge({ payload: textWith(CLAIMS, name, `"${name}":${value}`) })),
  )

  test.each(['exp', 'iat', 'iss', 'sub', 'client_id', 'jti'])('no %s', (name) =>
    expectMalformed(tokenWith({ [name]: undefined })),
  )

  test('iss in a list', () => expectMalformed(tokenWith({ iss: [CLAIMS.iss] })))

  test.each<[string, object]>([
    ['a second over 24 hours', { exp: NOW + 86_401 }],
    ['a moment over 24 hours', { exp: NOW + 86_400.001 }],
    ['issued long ago', { iat: NOW - 86_400, exp: NOW + 1 }],
    ['issued never', { iat: 0 }],
    ['issued before all time', { iat: -1.7e308, exp: 1.7e308 }],
  ])('a life of %s', (_, claims) => expectMalformed(tokenWith(claims)))
})

describe('good', () => {
  test.each<[string, object]>([
    ['a life of 24 hours', { exp: NOW + 86_400 }],
    ['times with fractions', { iat: NOW - 0.5, exp: NOW + 0.5, nbf: NOW - 0.25 }],
    ['claims that nobody knows', { unknown: { a: [1] }, nonce: 'x', toString: 'x' }],
    ['sub that is not the client', { sub: 'someone' }],
  ])('%s', async (_, claims) => {
    expect(await startVerifier().check(tokenWith(claims))).toBe('good')
  })

  test('no scope is no permission', async () => {
    const { verifier, check } = startVerifier()
    const token = tokenWith({ scope: undefined })
    expect(await check(token)).toBe('permission_missing')
    const { permissions, claims } = await verifier.verify(token, {
      permission: null,
      plugin: 'acme.sync',
    })
    expect([permissions, claims.scope]).toEqual([[], ''])
  })

  test('what a verified token says', async () => {
    const { verifier } = startVerifier()
    const token = await verifier.verify(forge(), { permission: null, plugin: 'acme.sync' })
    expect(token).toEqual({
      clientId: 'lkc_1',
      permissions: ['hook:govern', 'hook:track'],
      pluginId: 'acme.sync',
      workspaceId: 'default',
      jti: 'jti-1',
      expiresAt: NOW + LIFETIME,
      claims: CLAIMS,
    })
  })
})

test('claims are what the token has itself, whatever else is in every object', async () => {
  const run = { endpoint: '/v1/issues', operation: 'create' }
  const everywhere: [string, unknown, object, Partial<Requirements>, string][] = [
    ['scope', 'hook:govern', { scope: undefined }, {}, 'permission_missing'],
    ['plugin_id', 'acme.sync', { plugin_id: undefined }, {}, 'plugin_missing'],
    ['exp', NOW + 60, { exp: undefined }, {}, 'token_malformed'],
    [
      'plugin_trust',
      'trusted',
      { plugin_trust: undefined },
      { capability: 'x' },
      'capability_missing',
    ],
    [
      'authorization_details',
      [RUN],
      { authorization_details: undefined },
      { run },
      'endpoint_denied',
    ],
    [
      'locations',
      '*',
      { authorization_details: [{ type: 'tool_run' }] },
      { run },
      'endpoint_denied',
    ],
  ]
  for (const [name, value, claims, required, code] of everywhere) {
    const [token, { check }] = [tokenWith(claims), startVerifier()]
    Object.defineProperty(Object.prototype, name, { value, configurable: true })
    try {
      expect(await check(token, { ...REQUIRED, ...required })).toBe(code)
    } finally {
      Reflect.deleteProperty(Object.prototype, name)
    }
  }
})

describe('at every bound of time', () => {
  const MOMENT = 0.001
  describe.each([
    [undefined, 5],
    [0, 0],
    [5, 5],
    [60, 60],
  ])('tolerance %s', (clockTolerance, tolerance) => {
    const options = clockTolerance === undefined ? {} : { clockTolerance }
    test.each<[string, string, object, number]>([
      ['exp, the last moment', 'good', {}, LIFETIME + tolerance - MOMENT],
      ['exp, reached', 'token_expired', {}, LIFETIME + tolerance],
      ['exp, passed', 'token_expired', {}, LIFETIME + tolerance + MOMENT],
      ['iat, a moment too early', 'token_not_yet_valid', {}, -tolerance - MOMENT],
      ['iat, early enough', 'good', {}, -tolerance],
      ['nbf, too early', 'token_not_yet_valid', { nbf: NOW + 99 }, 99 - tolerance - MOMENT],
      ['nbf, early enough', 'good', { nbf: NOW + 99 }, 99 - tolerance],
      ['nbf, too early, and expired', 'token_expired', { nbf: NOW + 2e9 }, 1e9],
      ['long after', 'token_expired', {}, 1e9],
      ['long before', 'token_not_yet_valid', {}, -1e9],
    ])('%s: %s', async (_, code, claims, seconds) => {
      const { check, time } = startVerifier(options)
      time.wall = NOW + seconds
      expect(await check(tokenWith(claims))).toBe(code)
    })
  })

  test('a clock that is broken lets nothing through', async () => {
    const { check, time } = startVerifier()
    time.wall = NaN
    expect(await check(forge())).toBe('token_expired')
  })
})

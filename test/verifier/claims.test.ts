// Claims: which must be present, their types, and the times in which they are valid.
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

describe('malformed token', () => {
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
  test.each(cases)('has %s with the value %s', (name, value) =>
    expectMalformed(forge({ payload: textWith(CLAIMS, name, `"${name}":${value}`) })),
  )

  test.each(['exp', 'iat', 'iss', 'sub', 'client_id', 'jti'])('has no %s', (name) =>
    expectMalformed(tokenWith({ [name]: undefined })),
  )

  test('has a list as iss', () => expectMalformed(tokenWith({ iss: [CLAIMS.iss] })))

  test.each<[string, object]>([
    ['24 hours and a second', { exp: NOW + 86_401 }],
    ['24 hours and a moment', { exp: NOW + 86_400.001 }],
    ['more than 24 hours, issued long ago', { iat: NOW - 86_400, exp: NOW + 1 }],
    ['more than 24 hours, issued at 0', { iat: 0 }],
    ['more than 24 hours, with the largest numbers', { iat: -1.7e308, exp: 1.7e308 }],
  ])('has a lifetime of %s', (_, claims) => expectMalformed(tokenWith(claims)))
})

describe('valid token', () => {
  test.each<[string, object]>([
    ['a lifetime of 24 hours', { exp: NOW + 86_400 }],
    ['times with fractions', { iat: NOW - 0.5, exp: NOW + 0.5, nbf: NOW - 0.25 }],
    ['unknown claims', { unknown: { a: [1] }, nonce: 'x', toString: 'x' }],
    ['another sub than the client', { sub: 'someone' }],
  ])('may have %s', async (_, claims) => {
    expect(await startVerifier().check(tokenWith(claims))).toBe('good')
  })

  test('has no permissions without a scope', async () => {
    const { verifier, check } = startVerifier()
    const token = tokenWith({ scope: undefined })
    expect(await check(token)).toBe('permission_missing')
    const { permissions, claims } = await verifier.verify(token, {
      permission: null,
      plugin: 'acme.sync',
    })
    expect([permissions, claims.scope]).toEqual([[], ''])
  })

  test('is returned with these members', async () => {
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

test('claims of a token are its own members, not those of Object.prototype', async () => {
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

describe('time claims', () => {
  const MOMENT = 0.001
  describe.each([
    [undefined, 5],
    [0, 0],
    [5, 5],
    [60, 60],
  ])('(clockTolerance: %s)', (clockTolerance, tolerance) => {
    const options = clockTolerance === undefined ? {} : { clockTolerance }
    test.each<[string, string, object, number]>([
      ['exp, a moment away', 'good', {}, LIFETIME + tolerance - MOMENT],
      ['exp, reached', 'token_expired', {}, LIFETIME + tolerance],
      ['exp, a moment ago', 'token_expired', {}, LIFETIME + tolerance + MOMENT],
      ['iat, a moment beyond the tolerance', 'token_not_yet_valid', {}, -tolerance - MOMENT],
      ['iat, within the tolerance', 'good', {}, -tolerance],
      [
        'nbf, a moment beyond the tolerance',
        'token_not_yet_valid',
        { nbf: NOW + 99 },
        99 - tolerance - MOMENT,
      ],
      ['nbf, within the tolerance', 'good', { nbf: NOW + 99 }, 99 - tolerance],
      ['nbf, far ahead, and expired', 'token_expired', { nbf: NOW + 2e9 }, 1e9],
      ['long after expiry', 'token_expired', {}, 1e9],
      ['long before issuance', 'token_not_yet_valid', {}, -1e9],
    ])('give the code for %s: %s', async (_, code, claims, seconds) => {
      const { check, time } = startVerifier(options)
      time.wall = NOW + seconds
      expect(await check(tokenWith(claims))).toBe(code)
    })
  })

  test('refuse every token when the clock returns NaN', async () => {
    const { check, time } = startVerifier()
    time.wall = NaN
    expect(await check(forge())).toBe('token_expired')
  })
})

// Cache of verified tokens: a signature is checked once, and every other check is made at each use.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Requirements } from '../../src/verifier/token/requirements.ts'
import type { VerifierOptions } from '../../src/verifier/types.ts'
import { createTokenCache } from '../../src/verifier/token/cache.ts'
import {
  KEY,
  LIFETIME,
  OTHER_KEY,
  REQUIRED,
  RUN,
  forge,
  keySet,
  newKey,
  startVerifier,
  tokenWith,
} from './support.ts'

const spy = () => vi.spyOn(process.getBuiltinModule('crypto'), 'verify')
let signatures: ReturnType<typeof spy>

beforeEach(() => {
  signatures = spy()
})
afterEach(() => {
  signatures.mockRestore()
})

/** Returns the number of signatures that were checked since the last call. */
const checked = (): number => {
  const { length } = signatures.mock.calls
  signatures.mockClear()
  return length
}

/** Starts a verifier that accepted the token once. */
const afterUse = async (token = forge(), options: Partial<VerifierOptions> = {}) => {
  const started = startVerifier(options)
  expect(await started.check(token)).toBe('good')
  expect(checked()).toBe(1)
  return started
}

test('verifier checks the signature of a token once', async () => {
  const token = forge()
  const { check } = await afterUse(token)
  for (const copy of [token, `${token} `.trim(), Buffer.from(token).toString()]) {
    expect(await check(copy)).toBe('good')
  }
  expect(checked()).toBe(0)
})

describe('cached token', () => {
  const token = tokenWith({ authorization_details: [RUN] })

  test('expires at the exact moment', async () => {
    const { check, pass } = await afterUse(token)
    pass(LIFETIME + 4.999)
    expect(await check(token)).toBe('good')
    pass(0.001)
    expect(await check(token)).toBe('token_expired')
    expect(checked()).toBe(0)
  })

  test('is refused as not yet valid when the clock is set back', async () => {
    const { check, time } = await afterUse(token)
    time.wall -= 6
    expect(await check(token)).toBe('token_not_yet_valid')
  })

  test('is refused after a revocation, each time', async () => {
    let revoked = false
    const { check } = await afterUse(token, { revocations: { isRevoked: () => revoked } })
    revoked = true
    expect(await check(token)).toBe('token_revoked')
    expect(await check(token)).toBe('token_revoked')
  })

  test('is refused when revocations cannot be read', async () => {
    let answer = () => false
    const { check } = await afterUse(token, { revocations: { isRevoked: () => answer() } })
    answer = () => {
      throw new Error('down')
    }
    expect(await check(token)).toBe('revocations_stale')
  })

  const run = { endpoint: '/v1/issues', operation: 'create' }
  test.each<[string, Partial<Requirements>]>([
    ['permission_missing', { permission: 'hook:admin' }],
    ['plugin_mismatch', { plugin: 'other' }],
    ['plugin_mismatch', { plugin: null }],
    ['endpoint_denied', { run: { ...run, endpoint: '/v1/users' } }],
    ['operation_denied', { run: { ...run, operation: 'delete' } }],
    ['capability_missing', { capability: 'connector:mail' }],
  ])('is refused with %s for %j', async (code, required) => {
    const { check } = await afterUse(token)
    expect(await check(token, { ...REQUIRED, ...required })).toBe(code)
    expect(await check(token)).toBe('good')
    expect(checked()).toBe(0)
  })

  test('is not found in another spelling', async () => {
    const { check } = await afterUse(token)
    const last = token.charCodeAt(token.length - 1)
    expect(await check(token.slice(0, -1) + String.fromCharCode(last + 1))).toBe('token_malformed')
    expect(await check(`${token.slice(0, -4)}AAAA`)).not.toBe('good')
    expect(await check(`${token} `)).toBe('token_malformed')
  })

  test('is not found by the end of its signature', async () => {
    const { check } = await afterUse(token)
    const signature = token.slice(token.lastIndexOf('.'))
    const others = [
      tokenWith({ jti: 'other' }),
      tokenWith({ scope: 'hook:govern hook:track hook:admin' }),
    ]
    for (const other of others) {
      const forged = other.slice(0, other.lastIndexOf('.')) + signature
      expect(await check(forged)).toBe('token_untrusted')
    }
    checked()
    expect(await check(token)).toBe('good')
    expect(checked()).toBe(0)
  })
})

describe('cached token whose key', () => {
  test('left the key set is refused from the next fetch on', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token)
    server.answer = () => keySet([OTHER_KEY.jwk])
    expect(await check(token)).toBe('good') // the keys are not fetched again yet
    pass(300)
    expect(await check(token)).toBe('token_untrusted')
    expect(checked()).toBe(0)
  })

  test('was replaced by another with its kid is refused', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token)
    const { jwk } = newKey(KEY.kid)
    server.answer = () => keySet([jwk])
    pass(300)
    expect(await check(token)).toBe('token_untrusted')
    expect(checked()).toBe(1)
  })

  test('changed its algorithm is refused', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token, { algorithms: ['RS256', 'PS256'] })
    server.answer = () => keySet([{ ...KEY.jwk, alg: 'PS256' }])
    pass(300)
    expect(await check(token)).toBe('token_untrusted')
  })

  test('was absent from a key set has its signature checked again', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token)
    server.answer = () => keySet([OTHER_KEY.jwk])
    pass(300)
    expect(await check(token)).toBe('token_untrusted')
    server.answer = () => keySet([KEY.jwk, OTHER_KEY.jwk])
    pass(300)
    expect(await check(token)).toBe('good')
    expect(checked()).toBe(1)
  })

  test('is still there after a refresh stays cached', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token)
    server.asked()
    pass(300)
    expect(await check(token)).toBe('good')
    expect([server.asked(), checked()]).toEqual([1, 0])
  })

  test('cannot be fetched and is too old is refused', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token, { keysMaxStale: 60 })
    server.answer = () => new Response(null, { status: 500 })
    pass(360)
    expect(await check(token)).toBe('keys_unavailable')
  })
})

describe('token cache', () => {
  const tokens = Array.from({ length: 8 }, (_, i) => tokenWith({ jti: `jti-${i}` }))

  const checkAll = async (options: Partial<VerifierOptions>, used: string[]) => {
    const { check } = startVerifier(options)
    const counts: number[] = []
    for (const token of used) {
      expect(await check(token)).toBe('good')
      counts.push(checked())
    }
    return counts
  }

  test('keeps the most recently used tokens and checks others again', async () => {
    const [a = '', b = '', c = '', d = ''] = tokens
    const counts = await checkAll({ maxRemembered: 3 }, [a, b, c, a, b, c, d, b, c, d, a])
    expect(counts).toEqual([1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1])
  })

  test('keeps nothing with maxRemembered 0', async () => {
    const counts = await checkAll({ maxRemembered: 0 }, [...tokens, ...tokens])
    expect(counts).toEqual(Array(16).fill(1))
  })

  test('is not filled by refused tokens', async () => {
    const token = forge()
    const { check, pass } = await afterUse(token, { maxRemembered: 1 })
    const expired = tokenWith({ jti: 'old', iat: 1, exp: 2 })
    for (const bad of ['x', forge({ key: OTHER_KEY }), tokenWith({ aud: 'x' }), expired]) {
      expect(await check(bad)).not.toBe('good')
    }
    checked()
    pass(1)
    expect(await check(token)).toBe('good')
    expect(checked()).toBe(0)
  })

  test('gives one place to a token that several requests check', async () => {
    const [a = '', b = ''] = tokens
    const { check } = startVerifier({ maxRemembered: 2 })
    await check(a)
    await Promise.all([check(b), check(b), check(b)])
    checked()
    expect([await check(a), await check(b), checked()]).toEqual(['good', 'good', 0])
  })

  test('keeps its bound under a flood', () => {
    const memory = createTokenCache<number>(100)
    for (let i = 0; i < 100_000; i += 1) memory.set(`token ${i}`, i)
    expect(memory.size).toBe(100)
    expect([memory.get('token 99899'), memory.get('token 99900')]).toEqual([undefined, 99_900])
    expect([memory.get('toString'), memory.get('__proto__')]).toEqual([undefined, undefined])
  })
})

test('token caches of two verifiers are separate', async () => {
  const token = forge()
  await afterUse(token)
  const same = startVerifier()
  expect(await same.check(token)).toBe('good')
  expect([same.server.asked(), checked()]).toEqual([1, 1])
  expect(await startVerifier({ audience: 'other' }).check(token)).toBe('token_untrusted')
  const elsewhere = startVerifier({ issuer: 'https://other.example' })
  expect(await elsewhere.check(token)).toBe('token_untrusted')
})

test('verified token is shared by requests and deeply frozen', async () => {
  const token = tokenWith({ unknown: { list: [{ deep: [] }], empty: {} } })
  const { verifier } = startVerifier()
  const first = await verifier.verify(token, REQUIRED)
  expect(await verifier.verify(token, REQUIRED)).toBe(first)

  const thawed: string[] = []
  const look = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    if (!Object.isFrozen(value)) thawed.push(path)
    for (const [name, member] of Object.entries(value)) look(member, `${path}.${name}`)
  }
  look(first, 'token')
  expect(thawed).toEqual([])
  expect(() => (first.permissions as string[]).push('full')).toThrow(TypeError)
})

// Tokens are remembered so that their signature is checked once. Nothing else of an earlier use counts.
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

const spy = () => vi.spyOn(globalThis.crypto.subtle, 'verify')
let signatures: ReturnType<typeof spy>

beforeEach(() => {
  signatures = spy()
})
afterEach(() => {
  signatures.mockRestore()
})

/** How many signatures have been checked since the last time that this was asked. */
const checked = (): number => {
  const { length } = signatures.mock.calls
  signatures.mockClear()
  return length
}

/** A verifier that has let a token pass once. */
const afterUse = async (token = forge(), options: Partial<VerifierOptions> = {}) => {
  const started = startVerifier(options)
  expect(await started.check(token)).toBe('good')
  expect(checked()).toBe(1)
  return started
}

test('the signature of a token is checked once', async () => {
  const token = forge()
  const { check } = await afterUse(token)
  for (const copy of [token, `${token} `.trim(), Buffer.from(token).toString()]) {
    expect(await check(copy)).toBe('good')
  }
  expect(checked()).toBe(0)
})

describe('refused after a good use', () => {
  const token = tokenWith({ authorization_details: [RUN] })

  test('expired: at the very moment', async () => {
    const { check, pass } = await afterUse(token)
    pass(LIFETIME + 4.999)
    expect(await check(token)).toBe('good')
    pass(0.001)
    expect(await check(token)).toBe('token_expired')
    expect(checked()).toBe(0)
  })

  test('not valid yet, where the clock was set back', async () => {
    const { check, time } = await afterUse(token)
    time.wall -= 6
    expect(await check(token)).toBe('token_not_yet_valid')
  })

  test('revoked, and not again', async () => {
    let revoked = false
    const { check } = await afterUse(token, { revocations: { isRevoked: () => revoked } })
    revoked = true
    expect(await check(token)).toBe('token_revoked')
    expect(await check(token)).toBe('token_revoked')
  })

  test('revocations unknown', async () => {
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
  ])('%s: %j', async (code, required) => {
    const { check } = await afterUse(token)
    expect(await check(token, { ...REQUIRED, ...required })).toBe(code)
    expect(await check(token)).toBe('good')
    expect(checked()).toBe(0)
  })

  test('spelled otherwise', async () => {
    const { check } = await afterUse(token)
    const last = token.charCodeAt(token.length - 1)
    expect(await check(token.slice(0, -1) + String.fromCharCode(last + 1))).toBe('token_malformed')
    expect(await check(`${token.slice(0, -4)}AAAA`)).not.toBe('good')
    expect(await check(`${token} `)).toBe('token_malformed')
  })
})

describe('its key', () => {
  test('has left the set', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token)
    server.answer = () => keySet([OTHER_KEY.jwk])
    expect(await check(token)).toBe('good') // nobody has said so yet
    pass(300)
    expect(await check(token)).toBe('token_untrusted')
    expect(checked()).toBe(0)
  })

  test('has been replaced by another with its kid', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token)
    const { jwk } = newKey(KEY.kid)
    server.answer = () => keySet([jwk])
    pass(300)
    expect(await check(token)).toBe('token_untrusted')
    expect(checked()).toBe(1)
  })

  test('has another algorithm now', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token, { algorithms: ['RS256', 'PS256'] })
    server.answer = () => keySet([{ ...KEY.jwk, alg: 'PS256' }])
    pass(300)
    expect(await check(token)).toBe('token_untrusted')
  })

  test('is gone and back: the signature is checked again', async () => {
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

  test('is still there after a refresh: the token stays remembered', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token)
    server.asked()
    pass(300)
    expect(await check(token)).toBe('good')
    expect([server.asked(), checked()]).toEqual([1, 0])
  })

  test('cannot be had and is too old', async () => {
    const token = forge()
    const { check, server, pass } = await afterUse(token, { keysMaxStale: 60 })
    server.answer = () => new Response(null, { status: 500 })
    pass(360)
    expect(await check(token)).toBe('keys_unavailable')
  })
})

describe('bounded', () => {
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

  test('the latest few are remembered, the others checked again', async () => {
    const [a = '', b = '', c = '', d = ''] = tokens
    const counts = await checkAll({ maxRemembered: 3 }, [a, b, c, a, b, c, d, b, c, d, a])
    expect(counts).toEqual([1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1])
  })

  test('none, where none are wanted', async () => {
    const counts = await checkAll({ maxRemembered: 0 }, [...tokens, ...tokens])
    expect(counts).toEqual(Array(16).fill(1))
  })

  test('what is refused does not push out what is good', async () => {
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

  test('a token that is still being checked takes one place', async () => {
    const [a = '', b = ''] = tokens
    const { check } = startVerifier({ maxRemembered: 2 })
    await check(a)
    await Promise.all([check(b), check(b), check(b)])
    checked()
    expect([await check(a), await check(b), checked()]).toEqual(['good', 'good', 0])
  })

  test('under a flood', () => {
    const memory = createTokenCache<number>(100)
    for (let i = 0; i < 100_000; i += 1) memory.set(`token ${i}`, i)
    expect(memory.size).toBe(100)
    expect([memory.get('token 99899'), memory.get('token 99900')]).toEqual([undefined, 99_900])
    expect([memory.get('toString'), memory.get('__proto__')]).toEqual([undefined, undefined])
  })
})

test('two verifiers share nothing', async () => {
  const token = forge()
  await afterUse(token)
  const same = startVerifier()
  expect(await same.check(token)).toBe('good')
  expect([same.server.asked(), checked()]).toEqual([1, 1])
  expect(await startVerifier({ audience: 'other' }).check(token)).toBe('token_untrusted')
  const elsewhere = startVerifier({ issuer: 'https://other.example' })
  expect(await elsewhere.check(token)).toBe('token_untrusted')
})

test('what is shared by requests cannot be changed by one', async () => {
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

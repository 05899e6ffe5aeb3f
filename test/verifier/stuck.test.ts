// Calls that get no answer: each delays tokens up to its limit, and blocks nothing for good.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  ATTEMPT_LIMIT_MS,
  FETCH_TIMEOUT_MS,
  REVOCATION_TIMEOUT_MS,
} from '../../src/verifier/constants.ts'
import type { VerificationKey } from '../../src/verifier/keys/jwk.ts'
import type { FetchedKeys } from '../../src/verifier/keys/jwks.ts'
import { createKeySource } from '../../src/verifier/keys/key-source.ts'
import { anyPlugin, createVerifier } from '../../src/verifier/index.ts'
import { createTestIssuer } from '../../src/verifier/testing/issuer.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const MAX_AGE_MS = 60_000
const never = () => new Promise<never>(() => {})
const KEY = { kid: 'k', algorithm: 'RS256', material: 'm' } as VerificationKey
const KEYS: FetchedKeys = { keys: [KEY], maxAgeMs: MAX_AGE_MS }

const setUp = () => {
  const state = { now: 0, loads: 0, load: (): Promise<FetchedKeys> => Promise.resolve(KEYS) }
  const source = createKeySource({
    load: () => {
      state.loads += 1
      return state.load()
    },
    monotonic: () => state.now,
    maxStaleMs: MAX_AGE_MS,
  })
  return { state, source }
}

describe('fetch that never ends', () => {
  it('is given up, and the next fetch succeeds', async () => {
    const { state, source } = setUp()
    await source.find(KEY)
    state.now = 0.9 * MAX_AGE_MS
    state.load = never
    expect(await source.find(KEY)).toBe(KEY) // ahead of expiry: no token waits
    expect(state.loads).toBe(2)
    state.load = () => Promise.resolve(KEYS)
    state.now += ATTEMPT_LIMIT_MS + 1
    await source.find(KEY)
    expect(state.loads).toBe(3)
    expect(source.peek(KEY)).toBe(KEY)
  })

  it('delays the first token without keys up to its limit', async () => {
    const { state, source } = setUp()
    state.load = never
    const waiting = source.find(KEY).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(ATTEMPT_LIMIT_MS)
    expect(await waiting).toMatchObject({ status: 503, code: 'keys_unavailable' })
  })

  it('delays no second token when its timer fires 20 ms early', async () => {
    const { state, source } = setUp()
    state.load = () =>
      new Promise((_, reject) => void setTimeout(() => reject(new Error('late')), FETCH_TIMEOUT_MS))
    const first = source.find(KEY).catch((error: unknown) => error)
    state.now = FETCH_TIMEOUT_MS - 20
    await vi.advanceTimersByTimeAsync(FETCH_TIMEOUT_MS)
    expect(await first).toMatchObject({ code: 'keys_unavailable' })
    const second = vi.fn()
    source.find(KEY).catch(second)
    await vi.advanceTimersByTimeAsync(0)
    expect(second).toHaveBeenCalledWith(expect.objectContaining({ code: 'keys_unavailable' }))
  })

  it('does not replace newer keys when its answer comes late', async () => {
    const { state, source } = setUp()
    let speak: (keys: FetchedKeys) => void = () => {}
    state.load = () => new Promise((resolve) => (speak = resolve))
    source.find(KEY).catch(() => {})
    state.now += ATTEMPT_LIMIT_MS + 1
    state.load = () => Promise.resolve(KEYS)
    expect(await source.find(KEY)).toBe(KEY)
    speak({ keys: [], maxAgeMs: MAX_AGE_MS })
    await vi.advanceTimersByTimeAsync(0)
    expect(await source.find(KEY)).toBe(KEY)
  })
})

it('key source returns expired keys without a wait after a failed fetch', async () => {
  const { state, source } = setUp()
  await source.find(KEY)
  state.now = MAX_AGE_MS + 1
  state.load = () => Promise.reject(new Error('down'))
  expect(await source.find(KEY)).toBe(KEY)
  state.now += 2_000
  state.load = never
  expect(await source.find(KEY)).toBe(KEY)
  expect(state.loads).toBe(3)
})

it('verifier refuses a token with 503 when the revocation source never answers', async () => {
  vi.useRealTimers() // real timers, while keys are made and imported
  const issuer = await createTestIssuer()
  const token = await issuer.token({ audience: 'hook', pluginId: 'p' })
  const isRevoked = vi.fn(never)
  const options = { issuer: issuer.issuer, audience: 'hook', fetch: issuer.fetch }
  const verifier = createVerifier({ ...options, revocations: { isRevoked } })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const verified = verifier
    .verify(token, { permission: null, plugin: anyPlugin })
    .catch((error: unknown) => error)
  await vi.waitFor(() => expect(isRevoked).toHaveBeenCalled(), { interval: 1 })
  await vi.advanceTimersByTimeAsync(REVOCATION_TIMEOUT_MS)
  expect(await verified).toMatchObject({ status: 503, code: 'revocations_stale' })
})

it.each([
  ['issuer', 'http://auth.example'],
  ['issuer', 'https://auth.example/'],
  ['issuer', 'https://auth.example/tenant'],
  ['issuer', 'https://user:password@auth.example'],
  ['issuer', 'javascript:1'],
  ['jwksUri', 'http://auth.example/keys'],
  ['jwksUri', 'data:application/json,{}'],
])('createVerifier refuses %s %s, whose keys an attacker could replace', (name, url) => {
  const good = { issuer: 'https://auth.example', audience: 'hook', revocations: 'none' } as const
  expect(() => createVerifier({ ...good, [name]: url })).toThrow(TypeError)
})

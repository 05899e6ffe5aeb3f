// Silent issuer, replaced clocks, and platforms that freeze processes.
import { readFileSync, readdirSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { isFrozenBetweenRequests } from '../../src/verifier/net/platform.ts'
import { type Verifier, createVerifier } from '../../src/verifier/index.ts'
import { AUDIENCE, CLAIMS, ISSUER, NOW, REQUIRED, codeOf, forge, startVerifier } from './support.ts'

const started: Verifier[] = []
afterAll(() => started.forEach((verifier) => verifier.close()))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
})

const token = (): string => {
  const iat = Math.floor(Date.now() / 1000)
  return forge({ payload: { ...CLAIMS, iat, exp: iat + 900 } })
}

describe.concurrent('silent issuer at a cold start', () => {
  test.each([
    { follow: 'background' as const },
    { follow: 'on-use' as const },
    { revocations: 'none' as const },
  ])(
    'costs one wait with the options %o',
    async (options) => {
      const fetch = () => new Promise<Response>(() => {})
      const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, fetch, ...options })
      started.push(verifier)
      const before = performance.now()
      const first = await Promise.all([1, 2].map(() => codeOf(verifier.verify(token(), REQUIRED))))
      expect(first).toEqual(['keys_unavailable', 'keys_unavailable'])
      expect(performance.now() - before).toBeLessThan(8_000)
      const later = performance.now()
      for (let i = 0; i < 10; i += 1) {
        expect(await codeOf(verifier.verify(token(), REQUIRED))).toBe('keys_unavailable')
        await new Promise((resolve) => setTimeout(resolve, 250)) // past the first back-offs
      }
      expect(performance.now() - later).toBeLessThan(6_000)
    },
    30_000,
  )
})

describe('close', () => {
  test('aborts a fetch of the keys, and no other follows', async () => {
    const signals: AbortSignal[] = []
    const { verifier, server } = startVerifier()
    server.fetch = (_, init) => {
      signals.push(init.signal as AbortSignal)
      return new Promise(() => {})
    }
    const silent = createVerifier({
      issuer: ISSUER,
      audience: AUDIENCE,
      revocations: 'none',
      fetch: (url, init) => server.fetch(url, init),
    })
    const waiting = codeOf(silent.verify(token(), REQUIRED))
    await vi.waitFor(() => expect(signals).toHaveLength(1))
    silent.close()
    expect(signals[0]?.aborted).toBe(true)
    expect(await waiting).toBe('keys_unavailable')
    expect(await codeOf(silent.verify(token(), REQUIRED))).toBe('keys_unavailable')
    expect(signals).toHaveLength(1)
    verifier.close()
  })

  test('leaves the fetched keys in use', async () => {
    const { verifier, check } = startVerifier()
    expect(await check(forge())).toBe('good')
    verifier.close()
    expect(await check(forge())).toBe('good')
  })
})

describe('clock', () => {
  test('is read at each call, through fake timers that are installed later', async () => {
    vi.useFakeTimers({ now: NOW * 1000, toFake: ['Date'] })
    const { server } = startVerifier()
    const verifier = createVerifier({
      issuer: ISSUER,
      audience: AUDIENCE,
      revocations: 'none',
      fetch: server.fetch,
    })
    vi.useRealTimers()
    vi.useFakeTimers({ now: (NOW + 5_000) * 1000, toFake: ['Date', 'performance'] })
    expect(await codeOf(verifier.verify(forge(), REQUIRED))).toBe('token_expired')
    vi.setSystemTime(NOW * 1000)
    expect(await codeOf(verifier.verify(forge(), REQUIRED))).toBe('good')
  })

  test('is kept as a function nowhere in the sources', () => {
    const root = new URL('../../src/', import.meta.url)
    const kept = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => /^(?!.*dist).*\.ts$/.test(path))
      .flatMap((path) =>
        readFileSync(new URL(path, root), 'utf8')
          .split('\n')
          .filter(
            (line) => /(Date|performance)\.now\b(?!\()/.test(line) && !/^\s*(\*|\/)/.test(line),
          )
          .map((line) => `${path}: ${line.trim()}`),
      )
    expect(kept).toEqual([])
  })
})

describe('follow: on-use', () => {
  test.each([
    'AWS_LAMBDA_FUNCTION_NAME',
    'K_SERVICE',
    'FUNCTION_TARGET',
    'FUNCTIONS_WORKER_RUNTIME',
    'VERCEL',
    'NETLIFY',
    'DENO_DEPLOYMENT_ID',
  ])('is the default where %s is set', async (name) => {
    expect(isFrozenBetweenRequests()).toBe(false)
    vi.stubEnv(name, 'x')
    expect(isFrozenBetweenRequests()).toBe(true)
    let asked = 0
    const fetch = () => {
      asked += 1
      return new Promise<Response>(() => {})
    }
    started.push(createVerifier({ issuer: ISSUER, audience: AUDIENCE, fetch }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(asked).toBe(0)
    started.push(
      createVerifier({ issuer: ISSUER, audience: AUDIENCE, fetch, follow: 'background' }),
    )
    await vi.waitFor(() => expect(asked).toBe(1))
  })

  test('is not the default when the environment cannot be read', () => {
    const refuse = () => {
      throw new Error('Requires env access')
    }
    vi.stubGlobal('process', { env: new Proxy({}, { get: refuse }) })
    expect(isFrozenBetweenRequests()).toBe(false)
    vi.stubGlobal('process', undefined)
    expect(isFrozenBetweenRequests()).toBe(false)
  })
})

// Renewal of keys behind a shared cache that ignores `no-cache`, and with a jwksUri that has a
// query.
import { describe, expect, test, vi } from 'vitest'
import { createVerifier } from '../../src/verifier/index.ts'
import { LIST, page, startFollowing } from './lists.ts'
import {
  AUDIENCE,
  HEADER,
  ISSUER,
  KEY,
  NOW,
  OTHER_KEY,
  REQUIRED,
  codeOf,
  forge,
  keySet,
  newKey,
} from './support.ts'

const ofOther = forge({ header: { ...HEADER, kid: OTHER_KEY.kid }, key: OTHER_KEY })
const JWKS = `${ISSUER}/.well-known/jwks.json`

/** A server of keys, a cache that keeps the first answer of each URL, and a verifier behind it. */
const behindCache = (jwksUri = JWKS, answer: (url: URL) => Response | null = () => null) => {
  const origin = { keys: [KEY.jwk], urls: [] as string[] }
  const cached = new Map<string, string>()
  const time = { monotonic: 0 }
  const fetch = async (url: string): Promise<Response> => {
    const other = answer(new URL(url))
    if (!cached.has(url)) {
      origin.urls.push(url)
      if (other !== null) return other
      cached.set(url, await keySet(origin.keys).text())
    }
    return new Response(cached.get(url), { headers: { 'cache-control': 'max-age=3600' } })
  }
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    revocations: 'none',
    jwksUri,
    fetch,
    clock: () => NOW * 1000,
    monotonic: () => time.monotonic * 1000,
  })
  return { origin, time, check: (token = forge()) => codeOf(verifier.verify(token, REQUIRED)) }
}

describe('new key behind a cache that ignores no-cache', () => {
  test.each([
    ['no query', JWKS, /^\?renew=[\w-]{8,}$/],
    ['a query', `${JWKS}?tenant=a%20b&sig=x+y%2B`, /^\?tenant=a%20b&sig=x\+y%2B&renew=[\w-]{8,}$/],
    ['an empty query', `${JWKS}?`, /^\?&?renew=[\w-]{8,}$/],
    ['a fragment', `${JWKS}?a=b#c`, /^\?a=b&renew=[\w-]{8,}$/],
    ['a parameter of that name', `${JWKS}?renew=1`, /^\?renew=1&renew=[\w-]{8,}$/],
  ])('is found at a URL with %s', async (_, jwksUri, search) => {
    const { origin, check } = behindCache(jwksUri)
    expect(await check()).toBe('good')
    origin.keys = [OTHER_KEY.jwk]
    expect(await check(ofOther)).toBe('good')
    expect(await check()).toBe('token_untrusted')
    const [first, second, ...more] = origin.urls
    expect([first, more]).toEqual([jwksUri, []])
    expect(second?.slice(JWKS.length)).toMatch(search)
  })

  test('is found each time through a new value of renew', async () => {
    const { origin, time, check } = behindCache()
    for (let i = 0; i < 20; i += 1) {
      const key = newKey(`n-${i}`, 2048)
      origin.keys = [key.jwk]
      expect(await check(forge({ header: { ...HEADER, kid: key.kid }, key }))).toBe('good')
      time.monotonic += 5
    }
    expect(new Set(origin.urls).size).toBe(20) // the plain URL, and one for each later key
  }, 30_000)
})

describe('key server that refuses unknown parameters', () => {
  const json = (value: unknown) => () => Response.json(value)
  test.each<[string, () => Response]>([
    ['400', () => new Response(null, { status: 400 })],
    ['403, as for a signed URL', () => new Response(null, { status: 403 })],
    ['404', () => new Response(null, { status: 404 })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: '/' } })],
    ['an error in JSON', json({ error: 'unknown parameter' })],
    ['an empty set', json({ keys: [] })],
    ['an HTML page', () => new Response('<html></html>')],
  ])('is asked at its plain URL after %s', async (_, refuse) => {
    const keys = { now: [KEY.jwk] }
    const asked: { url: string; control: string | null }[] = []
    const verifier = createVerifier({
      issuer: ISSUER,
      audience: AUDIENCE,
      revocations: 'none',
      jwksUri: `${JWKS}?sig=x`,
      clock: () => NOW * 1000,
      fetch: (url, init) => {
        asked.push({ url, control: new Headers(init.headers).get('cache-control') })
        return Promise.resolve(url.includes('renew=') ? refuse() : keySet(keys.now))
      },
    })
    expect(await codeOf(verifier.verify(forge(), REQUIRED))).toBe('good')
    keys.now = [OTHER_KEY.jwk]
    expect(await codeOf(verifier.verify(ofOther, REQUIRED))).toBe('good')
    expect(asked).toHaveLength(3)
    expect(asked.at(-1)).toEqual({ url: `${JWKS}?sig=x`, control: 'no-cache' })
  })

  test.each([408, 429, 500, 503])(
    'is asked once after %i, which is no answer about the URL',
    async (status) => {
      const { origin, check } = behindCache(JWKS, (url) =>
        url.search === '' ? null : new Response(null, { status }),
      )
      expect(await check()).toBe('good')
      expect(await check(ofOther)).toBe('keys_unavailable')
      expect(origin.urls).toHaveLength(2)
    },
  )
})

/** A cache before the issuer of `startFollowing`: it keeps the first keys of each URL. */
const followingBehindCache = async () => {
  const cached = new Map<string, object[]>()
  const started = startFollowing({
    fetch: (url, init) => {
      if (url.startsWith(LIST)) return started.server.fetch(url, init)
      if (!cached.has(url)) {
        started.server.keyRequests.push(init)
        cached.set(url, started.server.keys)
      }
      return Promise.resolve(keySet(cached.get(url) ?? [], { 'cache-control': 'max-age=3600' }))
    },
  })
  await started.server.answer(page({ full: true, seq: 10 }))
  await started.verifier.ready()
  await started.server.asked()
  return started
}

describe('follower behind a cache that ignores no-cache', () => {
  const revoked = [{ kind: 'key', value: KEY.kid, exp: null }]

  test('refuses a revoked key and accepts its successor with the first list after the revocation of all keys', async () => {
    const { check, say, server, pass } = await followingBehindCache()
    expect(await check()).toBe('good')
    server.keys = [OTHER_KEY.jwk]
    pass(1)
    expect(await say(page({ seq: 11, iat: NOW + 1, key: OTHER_KEY, entries: revoked }))).toBeNull()
    expect(await check()).not.toBe('good')
    expect(await check(ofOther)).toBe('good')
    expect(server.keyRequests).toHaveLength(2)
  })

  test('fetches the keys once after the revocation of a key with a known successor', async () => {
    const { check, say, server, verifier, pass } = await followingBehindCache()
    server.keys = [KEY.jwk, OTHER_KEY.jwk]
    expect(await check(ofOther)).toBe('good')
    const brandNew = newKey('k3')
    server.keys = [OTHER_KEY.jwk, brandNew.jwk]
    pass(2)
    await say(page({ seq: 11, iat: NOW + 2, key: OTHER_KEY, entries: revoked }))
    const kids = () => verifier.status().keys.map(({ kid, state }) => `${kid} ${state}`)
    await vi.waitFor(() => expect(kids()).toEqual(['k2 published', 'k3 published', 'k1 revoked']))
    const asked = server.keyRequests.length
    for (const seq of [12, 13]) {
      pass(2)
      await say(page({ seq, iat: NOW + 2 * (seq - 10), key: OTHER_KEY }))
    }
    expect(server.keyRequests).toHaveLength(asked)
  })

  test('fetches no keys for tokens of a revoked key, and refuses them during a storm', async () => {
    const { check, say, server, pass } = await followingBehindCache()
    server.keys = [OTHER_KEY.jwk]
    pass(1)
    await say(page({ seq: 11, iat: NOW + 1, key: OTHER_KEY, entries: revoked }))
    pass(5)
    const asked = server.keyRequests.length
    for (let i = 0; i < 20; i += 1) {
      await check(forge({ header: { ...HEADER, kid: `k-${i}` } }))
      expect(await check()).toBe('token_revoked')
    }
    expect(server.keyRequests).toHaveLength(asked + 1)
  })
})

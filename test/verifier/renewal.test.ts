// Keys that are renewed behind a shared cache that ignores a request's `no-cache`, and where the keys are said to be
// at a URL with a query.
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

/** A server of keys, a cache before it that keeps each URL's first answer, and a verifier behind that. */
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

describe('a new key behind a cache that ignores no-cache', () => {
  test.each([
    ['no query', JWKS, /^\?renew=[\w-]{8,}$/],
    ['a query', `${JWKS}?tenant=a%20b&sig=x+y%2B`, /^\?tenant=a%20b&sig=x\+y%2B&renew=[\w-]{8,}$/],
    ['an empty query', `${JWKS}?`, /^\?&?renew=[\w-]{8,}$/],
    ['a fragment', `${JWKS}?a=b#c`, /^\?a=b&renew=[\w-]{8,}$/],
    ['a parameter of that name', `${JWKS}?renew=1`, /^\?renew=1&renew=[\w-]{8,}$/],
  ])('is found, at a URL with %s', async (_, jwksUri, search) => {
    const { origin, check } = behindCache(jwksUri)
    expect(await check()).toBe('good')
    origin.keys = [OTHER_KEY.jwk]
    expect(await check(ofOther)).toBe('good')
    expect(await check()).toBe('token_untrusted')
    const [first, second, ...more] = origin.urls
    expect([first, more]).toEqual([jwksUri, []])
    expect(second?.slice(JWKS.length)).toMatch(search)
  })

  test('each time: no value is used twice', async () => {
    const { origin, time, check } = behindCache()
    for (let i = 0; i < 20; i += 1) {
      const key = newKey(`n-${i}`, 2048)
      origin.keys = [key.jwk]
      expect(await check(forge({ header: { ...HEADER, kid: key.kid }, key }))).toBe('good')
      time.monotonic += 5
    }
    expect(new Set(origin.urls).size).toBe(20) // the plain one, and one for each later key
  }, 30_000)
})

describe('a server that takes no parameter that it does not know', () => {
  const json = (value: unknown) => () => Response.json(value)
  test.each<[string, () => Response]>([
    ['400', () => new Response(null, { status: 400 })],
    ['403, as for a signed URL', () => new Response(null, { status: 403 })],
    ['404', () => new Response(null, { status: 404 })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: '/' } })],
    ['an error in JSON', json({ error: 'unknown parameter' })],
    ['an empty set', json({ keys: [] })],
    ['a page', () => new Response('<html></html>')],
  ])('%s: the plain URL is asked for', async (_, refuse) => {
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

  test.each([408, 429, 500, 503])('%i says nothing of the URL: one request', async (status) => {
    const { origin, check } = behindCache(JWKS, (url) =>
      url.search === '' ? null : new Response(null, { status }),
    )
    expect(await check()).toBe('good')
    expect(await check(ofOther)).toBe('keys_unavailable')
    expect(origin.urls).toHaveLength(2)
  })
})

/** A cache before `startFollowing`'s issuer: it keeps the first keys for good, for each URL. */
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

describe('a follower behind such a cache', () => {
  const revoked = [{ kind: 'key', value: KEY.kid, exp: null }]

  test('all keys are revoked: the old one is refused and the new one taken, with the first list', async () => {
    const { check, say, server, pass } = await followingBehindCache()
    expect(await check()).toBe('good')
    server.keys = [OTHER_KEY.jwk]
    pass(1)
    expect(await say(page({ seq: 11, iat: NOW + 1, key: OTHER_KEY, entries: revoked }))).toBeNull()
    expect(await check()).not.toBe('good')
    expect(await check(ofOther)).toBe('good')
    expect(server.keyRequests).toHaveLength(2)
  })

  test('a key is revoked and its successor known: the keys are fetched, once', async () => {
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

  test('tokens of a revoked key cause no fetch, and are 401 in a storm', async () => {
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

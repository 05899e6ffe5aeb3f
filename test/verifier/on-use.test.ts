// Follower with follow: on-use: how often it asks the issuer, and when a catch-up ends.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CATCH_UP_MS, MAX_CATCH_UP_PAGES } from '../../src/verifier/constants.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'
import { cursor, page } from './lists.ts'
import {
  AUDIENCE,
  ISSUER,
  KEY,
  NOW,
  OTHER_KEY,
  REQUIRED,
  codeOf,
  forge,
  keySet,
  tokenWith,
} from './support.ts'

const MAX_AGE = { 'cache-control': 'max-age=3600' }
const pastCaches = (init: RequestInit): boolean =>
  new Headers(init.headers).get('cache-control') === 'no-cache'

/** Starts an issuer behind a cache that keeps its keys, and a verifier that follows on use. */
const start = () => {
  const started = Date.now()
  const seconds = (): number => (Date.now() - started) / 1000
  const issuer = {
    keys: [KEY.jwk],
    cached: [KEY.jwk],
    /** Answers a request for the list by its cursor. */
    list: (_after: string | null): Response | Promise<Response> =>
      new Response(page({ full: true, iat: NOW + Math.floor(seconds()) })),
    asked: [] as { after: string | null; signal: AbortSignal }[],
    keysAsked: [] as boolean[],
  }
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    follow: 'on-use',
    clock: () => (NOW + seconds()) * 1000,
    monotonic: () => Date.now(),
    async fetch(url, init) {
      if (new URL(url).pathname.endsWith('jwks.json')) {
        issuer.keysAsked.push(pastCaches(init))
        if (pastCaches(init)) issuer.cached = issuer.keys
        return keySet(issuer.cached, MAX_AGE)
      }
      const after = new URL(url).searchParams.get('after')
      issuer.asked.push({ after, signal: init.signal as AbortSignal })
      return issuer.list(after)
    },
  })
  return {
    issuer,
    verifier,
    check: (token = forge()) => codeOf(verifier.verify(token, REQUIRED)),
    /** Returns the number of requests for the list since the last call. */
    lists: (): number => issuer.asked.splice(0).length,
  }
}

const ofOther = forge({
  header: { alg: 'RS256', typ: 'at+jwt', kid: OTHER_KEY.kid },
  key: OTHER_KEY,
})
const { setTimeout: really } = globalThis
const TIMED = ['setTimeout', 'clearTimeout', 'Date', 'performance'] as const
beforeEach(() => void vi.useFakeTimers({ toFake: [...TIMED] }))
afterEach(() => void vi.useRealTimers())

/** Lets time pass while signatures and other work complete. */
const pass = async (ms: number): Promise<void> => {
  for (let passed = 0; passed < ms; passed += 100) {
    await vi.advanceTimersByTimeAsync(100)
    await new Promise((resolve) => really(resolve, 5))
  }
}

/** Waits for a promise while time passes. */
const meanwhile = async <T>(promise: Promise<T>): Promise<T> => {
  let settled = false
  const done = (): void => void (settled = true)
  promise.then(done, done)
  while (!settled) await pass(100)
  return promise
}

describe('unknown key', () => {
  /** Revokes all keys. The cache keeps the old ones. */
  const revokeAll = ({ issuer }: ReturnType<typeof start>): void => {
    issuer.keys = [OTHER_KEY.jwk]
    const entries = [{ kind: 'key', value: KEY.kid, exp: null }]
    issuer.list = () => new Response(page({ full: true, seq: 2, key: OTHER_KEY, entries }))
  }

  test('is fetched past the cache', async () => {
    const started = start()
    expect(await meanwhile(started.check())).toBe('good')
    revokeAll(started)
    await pass(6_000)
    expect(await meanwhile(started.check(ofOther))).toBe('good')
    expect(await meanwhile(started.check())).not.toBe('good')
  })

  test('is found for a list, though another kid was just looked up', async () => {
    const started = start()
    await meanwhile(started.check())
    await meanwhile(started.check(tokenWith({}, { kid: 'none' })))
    revokeAll(started)
    await pass(1_500)
    expect(await meanwhile(started.check(ofOther))).toBe('good')
  })

  test('costs one request for the list a second and one for keys in five during a flood', async () => {
    const { check, issuer, lists } = start()
    await meanwhile(check())
    lists()
    issuer.keysAsked = []
    const began = Date.now()
    for (let tenth = 0; tenth < 100; tenth += 1) {
      const kids = [1, 2, 3].map((i) => tokenWith({}, { kid: `k-${tenth}-${i}` }))
      const codes = await meanwhile(Promise.all(kids.map((token) => check(token))))
      for (const code of codes) expect(['token_untrusted', 'keys_unavailable']).toContain(code)
    }
    const seconds = (Date.now() - began) / 1000
    expect(lists()).toBeLessThanOrEqual(seconds + 1)
    expect(issuer.keysAsked.length).toBeLessThanOrEqual(seconds / 5 + 1)
  })
})

describe('catch-up', () => {
  test('ends with a page without progress, and is paused after it', async () => {
    const { check, issuer, lists, verifier } = start()
    // Answers like a cache that ignores the query.
    issuer.list = () => new Response(page({ full: true, more: true, seq: 5 }))
    expect(await meanwhile(check())).toBe('revocations_stale')
    expect(verifier.status().revocations).toMatchObject({
      lastFailure: 'the list does not advance',
    })
    lists()
    for (let use = 0; use < 100; use += 1) await meanwhile(check())
    expect(lists()).toBeLessThan(10) // the uses take ten seconds
  })

  test('reads MAX_CATCH_UP_PAGES pages at most', async () => {
    const { check, issuer, lists } = start()
    let seq = 0
    issuer.list = (after) =>
      new Response(page({ full: after === null, more: true, seq: (seq += 1) }))
    const checked = check() // time stands still: a pause does not end, and no second catch-up begins
    for (let last = -1; last !== issuer.asked.length;) {
      last = issuer.asked.length
      await new Promise((resolve) => really(resolve, 200))
    }
    expect(lists()).toBe(MAX_CATCH_UP_PAGES)
    await meanwhile(checked)
  })

  test('is shared by all tokens and ends after CATCH_UP_MS', async () => {
    const { check, issuer, lists } = start()
    let seq = 0
    issuer.list = async (after) => {
      await new Promise((resolve) => setTimeout(resolve, 500))
      return new Response(page({ full: after === null, more: true, seq: (seq += 1) }))
    }
    const began = Date.now()
    const uses = Array.from({ length: 10 }, () => check())
    expect(new Set(await meanwhile(Promise.all(uses)))).toEqual(new Set(['revocations_stale']))
    expect(issuer.asked.length).toBeLessThanOrEqual((Date.now() - began) / 500 + 3)
    await pass(CATCH_UP_MS)
    lists()
    await pass(5_000)
    expect(lists()).toBe(0)
  })

  test('ends with close and does not begin after it', async () => {
    const { check, issuer, verifier, lists } = start()
    issuer.list = () => new Promise(() => {})
    const use = check()
    while (issuer.asked.length === 0) await pass(100)
    expect(issuer.asked.map(({ signal }) => signal.aborted)).toEqual([false])
    verifier.close()
    expect(issuer.asked.map(({ signal }) => signal.aborted)).toEqual([true])
    expect(await meanwhile(use)).toBe('revocations_stale')
    lists()
    expect(await meanwhile(check())).toBe('revocations_stale')
    expect(lists()).toBe(0)
  })

  test('continues after the last page that it received', async () => {
    const { check, issuer } = start()
    issuer.list = (after) => {
      if (after === null) return new Response(page({ full: true, more: true, seq: 1 }))
      return issuer.asked.length < 3
        ? new Response(null, { status: 503 })
        : new Response(page({ seq: 2 }))
    }
    expect(await meanwhile(check())).toBe('good') // the waiting token repeats the request
    expect(issuer.asked.map(({ after }) => after)).toEqual([null, cursor(1), cursor(1)])
  })
})

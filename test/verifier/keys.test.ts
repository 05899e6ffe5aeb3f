// Times at which keys are fetched: no more often than needed, and no token waits without need.
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  ISSUER,
  KEY,
  OTHER_KEY,
  forge,
  keySet,
  newKey,
  startVerifier,
  tokenWith,
} from './support.ts'

afterEach(() => void vi.unstubAllGlobals())

const token = forge()
const unknown = (kid: string): string => tokenWith({}, { kid })
const ofOther = forge({
  header: { alg: 'RS256', typ: 'at+jwt', kid: OTHER_KEY.kid },
  key: OTHER_KEY,
})
const down = () => new Response(null, { status: 503 })
const up = () => keySet([KEY.jwk])
const settled = () => new Promise(setImmediate)

/** Starts a verifier that fetched its keys `seconds` ago. */
const withKeys = async (seconds = 0, options = {}) => {
  const started = startVerifier(options)
  expect(await started.check(token)).toBe('good')
  expect(started.server.asked()).toBe(1)
  started.time.monotonic += seconds
  return started
}

/** Tells whether a cache must revalidate (RFC 9111 §5.2.1.4). */
const pastCaches = (request: { init: RequestInit } | undefined): boolean =>
  new Headers(request?.init.headers).get('cache-control') === 'no-cache'

/** Makes an answer that comes when it is released. */
const held = () => {
  let release: (response: Response) => void = () => {}
  const promise = new Promise<Response>((resolve) => (release = resolve))
  return { answer: () => promise, release }
}

/** Checks a token a moment before and at the given time. @returns the number of fetches at each */
const around = async (
  { check, server, time }: ReturnType<typeof startVerifier>,
  seconds: number,
  code: string,
): Promise<number[]> => {
  const counts: number[] = []
  for (const step of [seconds - 0.125, 0.125]) {
    time.monotonic += step
    expect(await check(token)).toBe(code)
    await settled()
    counts.push(server.asked())
  }
  return counts
}

describe('request for the keys', () => {
  test('goes to the issuer or to jwksUri', async () => {
    const jwksUri = 'https://keys.example/set'
    for (const [options, url] of [
      [{}, `${ISSUER}/.well-known/jwks.json`],
      [{ jwksUri }, jwksUri],
    ] as const) {
      const { check, server } = startVerifier(options)
      await check(token)
      expect(server.requests.map((request) => request.url)).toEqual([url])
      const { redirect, headers, signal, ...rest } = server.requests[0]?.init ?? {}
      // Workers refuse `redirect: 'error'`.
      expect([redirect, headers]).toEqual([
        'manual',
        {
          accept: 'application/jwk-set+json, application/json',
          'user-agent': expect.stringMatching(/^latchkey-verifier\//) as unknown,
        },
      ])
      expect(signal).toBeInstanceOf(AbortSignal)
      expect(rest).toEqual({})
    }
  })

  test('uses the global fetch of that moment', async () => {
    const { check, server } = startVerifier({ fetch: undefined as never })
    vi.stubGlobal('fetch', server.fetch)
    expect(await check(token)).toBe('good')
    expect(server.asked()).toBe(1)
  })

  test('is shared by all tokens that wait', async () => {
    const { check, server } = startVerifier()
    const { answer, release } = held()
    server.answer = answer
    const waiting = Array.from({ length: 100 }, (_, i) => check(tokenWith({ jti: String(i) })))
    await settled()
    release(up())
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['good']))
    expect(server.asked()).toBe(1)
  })

  test('is shared for five seconds of waiting', async () => {
    const { check, server, time } = startVerifier()
    const { answer, release } = held()
    server.answer = answer
    const waiting: Promise<string>[] = []
    for (let second = 0; second < 5; second += 1) {
      waiting.push(check(token))
      await settled()
      time.monotonic += 1
    }
    release(up())
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['good']))
    expect(server.asked()).toBe(1)
  })

  test('is not repeated while the keys are fresh', async () => {
    const { check, server, time } = await withKeys()
    for (let second = 0; second < 240; second += 1) {
      expect(await check(tokenWith({ jti: String(second) }))).toBe('good')
      time.monotonic += 1
    }
    expect(server.asked()).toBe(0)
  })

  test('does not depend on the wall clock', async () => {
    const { check, server, time } = await withKeys()
    time.wall += 800
    expect(await check(token)).toBe('good')
    time.wall += 1e9
    expect(await check(token)).toBe('token_expired')
    expect(server.asked()).toBe(0)
  })
})

describe('outage of the key server', () => {
  const BACK_OFF = [1, 2, 4, 8, 16, 32, 60, 60, 60]

  test('doubles the wait between attempts from the start, up to a minute', async () => {
    const started = startVerifier()
    started.server.answer = down
    expect(await started.check(token)).toBe('keys_unavailable')
    expect(started.server.asked()).toBe(1)
    for (const wait of BACK_OFF) {
      expect(await around(started, wait, 'keys_unavailable')).toEqual([0, 1])
    }
  })

  test('ends at the next success, and the back-off starts again', async () => {
    const started = startVerifier()
    const { check, server, time } = started
    server.answer = down
    for (let i = 0; i < 4; i += 1) {
      await check(token)
      time.monotonic += 60
    }
    server.answer = up
    expect(await check(token)).toBe('good')
    server.asked()
    server.answer = down
    time.monotonic += 300
    expect(await check(token)).toBe('good')
    expect(server.asked()).toBe(1)
    expect(await around(started, 1, 'good')).toEqual([0, 1])
    expect(await around(started, 2, 'good')).toEqual([0, 1])
  })

  test('costs one fetch for a hundred simultaneous tokens', async () => {
    const { check, server } = startVerifier()
    server.answer = down
    const codes = await Promise.all(Array.from({ length: 100 }, () => check(token)))
    expect(new Set(codes)).toEqual(new Set(['keys_unavailable']))
    expect(server.asked()).toBe(1)
  })

  test('has its wait counted from the beginning of the attempt', async () => {
    const { check, server, time } = startVerifier()
    const { answer, release } = held()
    server.answer = answer
    const waiting = check(token)
    time.monotonic += 1
    release(down())
    expect(await waiting).toBe('keys_unavailable')
    server.answer = up
    expect(await check(token)).toBe('good')
    expect(server.asked()).toBe(2)
  })

  test.each([
    [undefined, 86_400],
    [3600, 3600],
    [1, 1],
  ])('leaves the keys in use for keysMaxStale %s s', async (keysMaxStale, seconds) => {
    const started = await withKeys(0, keysMaxStale === undefined ? {} : { keysMaxStale })
    started.server.answer = down
    started.time.monotonic = 300 + seconds - 0.125
    expect(await started.check(token)).toBe('good')
    expect(await started.check(tokenWith({ jti: 'another' }))).toBe('good')
    started.time.monotonic = 300 + seconds
    expect(await started.check(token)).toBe('keys_unavailable')
    expect(await started.check(tokenWith({ jti: 'a third' }))).toBe('keys_unavailable')
    started.server.answer = up
    started.time.monotonic += 60
    expect(await started.check(token)).toBe('good')
  })

  test('makes an unknown kid fail with keys_unavailable, because its key may be new', async () => {
    const { check, server, time } = await withKeys(5)
    server.answer = down
    expect(await check(unknown('k9'))).toBe('keys_unavailable')
    expect(await check(unknown('k8'))).toBe('keys_unavailable') // during the back-off
    expect(server.asked()).toBe(1)
    time.monotonic = 400
    expect(await check(unknown('k9'))).toBe('keys_unavailable')
    expect(await check(token)).toBe('good')
    server.answer = () => keySet([KEY.jwk, OTHER_KEY.jwk])
    time.monotonic += 60
    expect(await check(ofOther)).toBe('good')
  })
})

describe('refresh of the keys ahead of their expiry', () => {
  test('begins at four fifths of their age, and no token waits', async () => {
    const started = await withKeys()
    const { answer, release } = held()
    started.server.answer = answer
    expect(await around(started, 240, 'good')).toEqual([0, 1])
    expect(await started.check(tokenWith({ jti: 'another' }))).toBe('good')
    expect(started.server.asked()).toBe(0) // the refresh is not finished
    release(up())
    await settled()
    started.server.answer = up
    expect(await around(started, 240, 'good')).toEqual([0, 1])
  })

  test('leaves the keys in use when it fails, and is repeated with a back-off', async () => {
    const started = await withKeys(239)
    started.server.answer = down
    expect(await around(started, 1, 'good')).toEqual([0, 1])
    expect(await around(started, 1, 'good')).toEqual([0, 1])
    expect(await around(started, 2, 'good')).toEqual([0, 1])
    expect(await around(started, 4, 'good')).toEqual([0, 1])
  })
})

describe('unknown kid', () => {
  test('causes a fetch, and is refused without one for the next ten seconds', async () => {
    const { check, server, time } = await withKeys(5)
    expect(await check(unknown('k9'))).toBe('token_untrusted')
    expect(server.asked()).toBe(1)
    for (const seconds of [5, 4.875]) {
      time.monotonic += seconds
      expect(await check(unknown('k9'))).toBe('token_untrusted')
    }
    expect(server.asked()).toBe(0)
    time.monotonic += 0.125
    expect(await check(unknown('k9'))).toBe('token_untrusted')
    expect(server.asked()).toBe(1)
  })

  test('causes a fetch however new the keys are, and other unknown kids get keys_unavailable for five seconds', async () => {
    const { check, server, time } = await withKeys(0.125)
    expect(await check(unknown('k9'))).toBe('token_untrusted')
    expect(server.asked()).toBe(1)
    for (const seconds of [0.125, 4.75]) {
      time.monotonic += seconds
      expect(await check(unknown('k8'))).toBe('keys_unavailable')
    }
    expect(server.asked()).toBe(0)
    time.monotonic += 0.125
    expect(await check(unknown('k8'))).toBe('token_untrusted')
    expect(server.asked()).toBe(1)
  })

  test('causes a fetch past all caches, even when its own token just caused one', async () => {
    const { check, server } = startVerifier()
    const cached = keySet([KEY.jwk])
    server.answer = () => (pastCaches(server.requests.at(-1)) ? keySet([OTHER_KEY.jwk]) : cached)
    expect(await check(ofOther)).toBe('good')
    expect(server.requests.map(pastCaches)).toEqual([false, true])
  })

  test('causes a fetch past all caches while another fetch is under way', async () => {
    const { check, server } = await withKeys(240)
    const { answer, release } = held()
    server.answer = () => (pastCaches(server.requests.at(-1)) ? keySet([OTHER_KEY.jwk]) : answer())
    expect(await check(token)).toBe('good')
    const waiting = [check(ofOther), check(ofOther)]
    release(up())
    expect(await Promise.all(waiting)).toEqual(['good', 'good'])
    expect(server.requests.map(pastCaches)).toEqual([false, true])
  })

  test('causes one fetch in five seconds during a storm, and only the fetched one is untrusted', async () => {
    const { check, server, time } = await withKeys(5)
    for (let tenth = 0; tenth < 300; tenth += 1) {
      const asked = tenth % 40 === 0
      const code = asked ? 'token_untrusted' : 'keys_unavailable'
      expect(await check(unknown(`k-${tenth}`))).toBe(code)
      expect(server.asked()).toBe(asked ? 1 : 0)
      time.monotonic += 0.125
    }
    expect(await check(token)).toBe('good')
  })

  test('gets keys_unavailable, not token_untrusted, when its key is new in a storm', async () => {
    const { check, server, time } = await withKeys(5)
    const codes: string[] = []
    for (let eighth = 0; eighth < 80; eighth += 1) {
      await check(unknown(`k-${eighth}`))
      if (eighth === 4) server.answer = () => keySet([OTHER_KEY.jwk, KEY.jwk])
      if (eighth >= 4) codes.push(await check(ofOther))
      time.monotonic += 0.125
    }
    expect(codes.indexOf('good')).toBe(36) // five seconds after the first unknown kid
    expect(new Set(codes)).toEqual(new Set(['keys_unavailable', 'good']))
    expect(server.asked()).toBe(2)
  })

  test('gets keys_unavailable when its key was made during the fetch', async () => {
    const { check, server, time } = await withKeys(5)
    const { answer, release } = held()
    server.answer = answer
    const first = check(unknown('k9'))
    await settled()
    time.monotonic += 1
    const later = check(ofOther)
    release(up()) // the answer is older than the key
    expect([await first, await later]).toEqual(['token_untrusted', 'keys_unavailable'])
    server.answer = () => keySet([OTHER_KEY.jwk, KEY.jwk])
    time.monotonic += 5
    expect(await check(ofOther)).toBe('good')
  })

  test('stays untrusted after its fetch while others get keys_unavailable', async () => {
    const { check, time } = await withKeys(5)
    expect(await check(unknown('k9'))).toBe('token_untrusted')
    time.monotonic += 1
    expect(await check(unknown('k8'))).toBe('keys_unavailable')
    expect(await check(unknown('k9'))).toBe('token_untrusted')
  })

  test('causes one fetch in a burst, and a hundred kids are remembered', async () => {
    const { check, server, time } = await withKeys(5)
    const kids = Array.from({ length: 150 }, (_, i) => `k-${i}`)
    await Promise.all(kids.map((kid) => check(unknown(kid))))
    expect(server.asked()).toBe(1)
    time.monotonic += 5
    await check(unknown('k-149'))
    await check(unknown('k-50'))
    expect(server.asked()).toBe(0)
    await check(unknown('k-49'))
    expect(server.asked()).toBe(1)
  })

  test('does not delay tokens of known keys', async () => {
    const { check, server } = await withKeys(5)
    const { answer, release } = held()
    server.answer = answer
    const waiting = check(unknown('k9'))
    expect(await check(tokenWith({ jti: 'another' }))).toBe('good')
    release(up())
    expect(await waiting).toBe('token_untrusted')
  })
})

describe('key rotation', () => {
  test('fetches a new key at its first token', async () => {
    const { check, server } = await withKeys(5)
    server.answer = () => keySet([OTHER_KEY.jwk, KEY.jwk])
    expect(await check(ofOther)).toBe('good')
    expect(await check(token)).toBe('good')
    expect(server.asked()).toBe(1)
  })

  test('fetches a key that the issuer made right after a fetch', async () => {
    const { check, server } = await withKeys(0.125)
    server.answer = () => keySet([OTHER_KEY.jwk, KEY.jwk])
    expect(await check(ofOther)).toBe('good')
    expect(server.asked()).toBe(1)
  })

  test('finds an unknown key with the fetch for another kid', async () => {
    const { check, server, time } = await withKeys(5)
    expect(await check(ofOther)).toBe('token_untrusted')
    server.answer = () => keySet([OTHER_KEY.jwk, KEY.jwk])
    time.monotonic += 5
    expect(await check(unknown('k9'))).toBe('token_untrusted')
    expect(await check(ofOther)).toBe('good')
  })

  test('makes a withdrawn key refused with the next fetch, at the latest when the keys expire', async () => {
    const { check, server, time } = await withKeys(0)
    server.answer = () => keySet([OTHER_KEY.jwk])
    time.monotonic = 239.875
    expect(await check(token)).toBe('good')
    expect(server.asked()).toBe(0)
    time.monotonic = 300
    expect(await check(token)).toBe('token_untrusted')
    expect(await check(tokenWith({ jti: 'another' }))).toBe('token_untrusted')
    expect(await check(ofOther)).toBe('good')
    expect(server.requests.map(pastCaches)).toEqual([false, true]) // the second asks past a cache that may lack the key
  })

  test('replaces the keys', async () => {
    const { check, server } = await withKeys(5)
    server.answer = () => keySet([OTHER_KEY.jwk])
    expect(await check(ofOther)).toBe('good')
    expect(await check(tokenWith({ jti: 'another' }))).toBe('token_untrusted')
  })
})

test('keys belong to one issuer, also with the kid of another issuer', async () => {
  const theirs = newKey(KEY.kid)
  const issuer = 'https://other.example'
  const [here, there] = [startVerifier(), startVerifier({ issuer })]
  there.server.answer = () => keySet([theirs.jwk])
  const payload = (iss: string) =>
    JSON.parse(
      Buffer.from(tokenWith({ iss }).split('.')[1] ?? '', 'base64url').toString(),
    ) as object
  const good = forge({ payload: payload(issuer), key: theirs })
  expect([await here.check(token), await there.check(good)]).toEqual(['good', 'good'])
  for (const iss of [ISSUER, issuer]) {
    expect(await here.check(forge({ payload: payload(iss), key: theirs }))).toBe('token_untrusted')
    expect(await there.check(tokenWith({ iss }))).toBe('token_untrusted')
  }
})

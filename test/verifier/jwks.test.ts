// Answers of the key server: which keys are accepted, for how long, and which answers are refused.
import { constants, generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { FETCH_TIMEOUT_MS, MAX_JWKS_BYTES } from '../../src/verifier/constants.ts'
import { fetchKeys } from '../../src/verifier/keys/jwks.ts'
import {
  HEADER,
  ISSUER,
  KEY,
  OTHER_KEY,
  forge,
  keySet,
  newKey,
  publicJwk,
  startVerifier,
  tokenWith,
} from './support.ts'

afterEach(() => void vi.useRealTimers())

const answer = (body: ConstructorParameters<typeof Response>[0], init: ResponseInit = {}) =>
  new Response(body, init)

/** Valid answer with another status or headers. */
const instead = (init: ResponseInit) => () => answer(JSON.stringify({ keys: [KEY.jwk] }), init)
const only =
  (...keys: unknown[]) =>
  () =>
    keySet(keys as object[])

/** Makes a key set of this many bytes. */
const long = (bytes: number) => () => {
  const text = JSON.stringify({ keys: [KEY.jwk], pad: '' })
  return answer(text.replace('"pad":"', `"pad":"${'x'.repeat(bytes - text.length)}`))
}

const redirected = () => Object.defineProperty(keySet([KEY.jwk]), 'redirected', { value: true })
const ec = publicJwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, { kid: KEY.kid })
const weak = publicJwk(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey, { kid: 'k1' })
const latin1 = Buffer.from(JSON.stringify({ keys: [KEY.jwk], pad: '\u00ff' }), 'latin1')
const ANOTHER = newKey('k3').jwk
const secret = { kty: 'oct', k: 'c2VjcmV0', kid: KEY.kid }

describe('refused answer of the key server', () => {
  const CASES: [string, () => Response][] = [
    ['status 500', instead({ status: 500 })],
    ['status 503', instead({ status: 503 })],
    ['status 404', instead({ status: 404 })],
    ['status 401', instead({ status: 401 })],
    ['status 201', instead({ status: 201 })],
    ['status 206', instead({ status: 206 })],
    ['status 204', () => answer(null, { status: 204 })],
    ['a redirect', instead({ status: 302, headers: { location: 'https://evil.example/' } })],
    ['a redirected answer', redirected],
    ['a network error', () => Response.error()],
    ['an empty body', () => answer(null)],
    ['an HTML page', () => answer('<html></html>')],
    ['half of the JSON', () => answer(JSON.stringify({ keys: [KEY.jwk] }).slice(0, -1))],
    ['bytes that are not UTF-8', () => answer(latin1)],
    ['null', () => answer('null')],
    ['a text', () => answer('"keys"')],
    ['a list', () => Response.json([KEY.jwk])],
    ['no member keys', () => Response.json({})],
    ['an object as keys', () => Response.json({ keys: { k1: KEY.jwk } })],
    ['an empty set', only()],
    ['too many keys', only(...Array<object>(101).fill(KEY.jwk))],
    ['a body one byte too long', long(MAX_JWKS_BYTES + 1)],
    ['values that are no keys', only(null, 1, 'k1', [], {}, [KEY.jwk])],
    ['a key without kid', only({ ...KEY.jwk, kid: undefined })],
    ['a key with a number as kid', only({ ...KEY.jwk, kid: 1 })],
    ['a key that only signs', only({ ...KEY.jwk, use: undefined, key_ops: ['sign'] })],
    ['a key without operations', only({ ...KEY.jwk, key_ops: [] })],
    ['operations as a text', only({ ...KEY.jwk, key_ops: 'verify' })],
    ['null as operations', only({ ...KEY.jwk, key_ops: null })],
    [
      'a key that verifies, and is for encryption',
      only({ ...KEY.jwk, key_ops: ['verify'], use: 'enc' }),
    ],
    ['null as use', only({ ...KEY.jwk, use: null })],
    ['a key for encryption', only({ ...KEY.jwk, use: 'enc' })],
    ['a key for another algorithm', only({ ...KEY.jwk, alg: 'RS512' })],
    ['a key for a list of algorithms', only({ ...KEY.jwk, alg: ['RS256'] })],
    ['a key of another type', only(ec)],
    ['a key of another type with our algorithm', only({ ...ec, alg: 'RS256' })],
    ['a symmetric key', only(secret)],
    ['a symmetric key with our algorithm', only({ ...secret, alg: 'RS256' })],
    ['a key without modulus', only({ ...KEY.jwk, n: undefined })],
    ['a key with a malformed modulus', only({ ...KEY.jwk, n: 'ä' })],
    ['a key that is too weak', only(weak)],
    ['a key without exponent', only({ ...KEY.jwk, e: undefined })],
  ]

  test.each(CASES)('makes the first token fail with keys_unavailable: %s', async (_, bad) => {
    const { check, server } = startVerifier()
    server.answer = bad
    expect(await check(forge())).toBe('keys_unavailable')
    expect(server.asked()).toBe(1)
  })

  test.each(CASES)('leaves the earlier keys in use: %s', async (_, bad) => {
    const { check, server, pass } = startVerifier()
    expect(await check(forge())).toBe('good')
    server.answer = bad
    pass(300)
    expect(await check(forge())).toBe('good')
    expect(server.asked()).toBe(2)
  })

  test('may be an error that fetch throws', async () => {
    const { check, server } = startVerifier()
    server.answer = () => {
      throw new TypeError('fetch failed')
    }
    expect(await check(forge())).toBe('keys_unavailable')
  })

  test.each<[string, () => Response | Promise<Response>]>([
    ['never comes', () => new Promise<Response>(() => {})],
    ['never ends', () => answer(new ReadableStream({ start: (c) => c.enqueue(Buffer.from('{')) }))],
  ])('is given up after five seconds when it %s', async (_, slow) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { check, server, pass } = startVerifier()
    server.answer = slow
    const waiting = check(forge())
    await vi.advanceTimersByTimeAsync(FETCH_TIMEOUT_MS - 1)
    const { signal } = server.requests[0]?.init ?? {}
    expect(signal?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(signal?.aborted).toBe(true)
    expect(await waiting).toBe('keys_unavailable')

    server.answer = () => keySet([KEY.jwk])
    pass(1)
    expect(await check(forge())).toBe('good')
  })

  test('is read up to the limit and cancelled when it is too long', async () => {
    let read = 0
    const cancel = vi.fn<() => void>()
    const endless = () =>
      answer(
        new ReadableStream({
          pull: (c) => c.enqueue(new Uint8Array((read += 65_536) && 65_536).fill(0x20)),
          cancel,
        }),
      )
    const { check, server } = startVerifier()
    server.answer = endless
    expect(await check(forge())).toBe('keys_unavailable')
    expect(read).toBeLessThan(2 * MAX_JWKS_BYTES)
    expect(cancel).toHaveBeenCalledOnce()
  })
})

describe('accepted answer of the key server', () => {
  test.each<[string, () => Response]>([
    ['the largest size', long(MAX_JWKS_BYTES)],
    ['a hundred keys', only(...Array<object>(99).fill(OTHER_KEY.jwk), KEY.jwk)],
    ['a key without use and algorithm', only({ ...KEY.jwk, alg: undefined, use: undefined })],
    ['unknown members', only({ ...KEY.jwk, x5c: ['x'], key_ops: ['verify'], x: undefined })],
    [
      'values that are no keys beside a key',
      only(null, 1, 'k1', [], {}, secret, ec, { ...KEY.jwk, use: 'enc' }, KEY.jwk),
    ],
    ['another media type', instead({ headers: { 'content-type': 'text/html' } })],
    [
      'chunks of one byte',
      () => {
        const bytes = Buffer.from(JSON.stringify({ keys: [KEY.jwk], pad: 'ä€' }))
        return answer(ReadableStream.from([...bytes].map((byte) => Uint8Array.of(byte))) as never)
      },
    ],
  ])('may have %s', async (_, good) => {
    const { check, server } = startVerifier()
    server.answer = good
    expect(await check(forge())).toBe('good')
  })

  const namesake = { ...OTHER_KEY.jwk, kid: KEY.kid }
  const BEFORE_AND_AFTER = [(keys: object[]) => keys, (keys: object[]) => keys.toReversed()]

  test('yields neither of two keys with one kid and one algorithm', async () => {
    for (const order of BEFORE_AND_AFTER) {
      const { check, server } = startVerifier()
      server.answer = () => keySet(order([KEY.jwk, namesake, ANOTHER]))
      expect(await check(forge())).toBe('token_untrusted')
      expect(await check(forge({ key: OTHER_KEY }))).toBe('token_untrusted')
    }
  })

  test('yields neither of two keys with one kid when one has no algorithm', async () => {
    for (const order of BEFORE_AND_AFTER) {
      const { check, server } = startVerifier()
      server.answer = () => keySet(order([KEY.jwk, { ...namesake, alg: undefined }, ANOTHER]))
      expect(await check(forge())).toBe('token_untrusted')
      expect(await check(forge({ key: OTHER_KEY }))).toBe('token_untrusted')
    }
  })

  test('yields one key that is listed repeatedly', async () => {
    const { check, server } = startVerifier()
    server.answer = only(KEY.jwk, { ...KEY.jwk, x5t: 'x' }, KEY.jwk)
    expect(await check(forge())).toBe('good')
  })

  test('yields the usable one of two keys with one kid', async () => {
    for (const other of [{ use: 'enc' }, { key_ops: ['encrypt'] }, { alg: 'RS512' }]) {
      for (const order of BEFORE_AND_AFTER) {
        const { check, server } = startVerifier()
        server.answer = () => keySet(order([KEY.jwk, { ...namesake, ...other }]))
        expect(await check(forge())).toBe('good')
      }
    }
  })

  test('yields two keys with one kid for two algorithms', async () => {
    const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    const header = { ...HEADER, alg: 'PS256' }
    const ofOther = forge({ header, key: OTHER_KEY, options: PSS })
    for (const order of BEFORE_AND_AFTER) {
      const { check, server } = startVerifier({ algorithms: ['PS256', 'RS256'] })
      server.answer = () => keySet(order([KEY.jwk, { ...namesake, alg: 'PS256' }]))
      expect([await check(forge()), await check(ofOther)]).toEqual(['good', 'good'])
      expect(await check(forge({ header, options: PSS }))).toBe('token_untrusted')
      expect(await check(forge({ key: OTHER_KEY }))).toBe('token_untrusted')
    }
  })

  test('yields a key without algorithm for each configured algorithm of its type', async () => {
    const { check, server } = startVerifier({ algorithms: ['PS256', 'RS256'] })
    server.answer = only({ ...KEY.jwk, alg: undefined })
    expect(await check(forge())).toBe('good')
    const header = { ...HEADER, alg: 'RS512' }
    expect(await check(forge({ header, digest: 'sha512' }))).toBe('token_untrusted')
  })

  test('yields the public half of a private key', async () => {
    const jwk = { ...KEY.privateKey.export({ format: 'jwk' }), kid: KEY.kid, alg: 'RS256' }
    const fetched = await fetchKeys(ISSUER, {
      fetch: () => Promise.resolve(keySet([jwk])),
      algorithms: ['RS256'],
    })
    const [{ key, material } = { key: null, material: '' }] = fetched.keys
    expect(key).toMatchObject({ type: 'public', usages: ['verify'] })
    expect(material).not.toContain(jwk.d)
  })
})

describe('lifetime of the keys in seconds', () => {
  test.each<[Record<string, string>, number]>([
    [{}, 300],
    [{ 'cache-control': 'max-age=60' }, 60],
    [{ 'cache-control': 'public, max-age=60, must-revalidate' }, 60],
    [{ 'cache-control': 'public,MAX-AGE="60"' }, 60],
    [{ 'cache-control': 's-maxage=60' }, 300],
    [{ 'cache-control': 's-maxage=60, max-age=120' }, 120],
    [{ 'cache-control': 'x-max-age=60' }, 300],
    [{ 'cache-control': 'public' }, 300],
    [{ 'cache-control': 'max-age=' }, 300],
    [{ 'cache-control': 'max-age=x' }, 300],
    [{ 'cache-control': 'max-age=0' }, 10],
    [{ 'cache-control': 'max-age=9' }, 10],
    [{ 'cache-control': 'no-store' }, 10],
    [{ 'cache-control': 'no-cache' }, 10],
    [{ 'cache-control': 'max-age=3600, No-Store' }, 10],
    [{ 'cache-control': 'max-age=86400' }, 86_400],
    [{ 'cache-control': 'max-age=86401' }, 86_400],
    [{ 'cache-control': 'max-age=31536000, immutable' }, 86_400],
    [{ 'cache-control': `max-age=${'9'.repeat(400)}` }, 86_400],
    [{ 'cache-control': 'max-age=300', age: '100' }, 200],
    [{ 'cache-control': 'max-age=300', age: '295' }, 10],
    [{ 'cache-control': 'max-age=300', age: '99999' }, 10],
    [{ 'cache-control': 'max-age=300', age: '-100' }, 300],
    [{ 'cache-control': 'max-age=300', age: '1e9' }, 300],
  ])('follows from the headers %j: %i', async (headers, seconds) => {
    const { check, server, time, pass } = startVerifier({ keysMaxStale: 0 })
    server.answer = () => answer(JSON.stringify({ keys: [KEY.jwk] }), { headers })
    const token = tokenWith()
    expect(await check(token)).toBe('good')
    server.answer = instead({ status: 503 })
    time.monotonic = seconds - 0.125
    expect(await check(token)).toBe('good')
    await new Promise(setImmediate)
    pass(0.125)
    expect(await check(token)).toBe('keys_unavailable')
  })
})

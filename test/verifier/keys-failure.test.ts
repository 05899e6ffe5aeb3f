// Failures to get keys: each reason has its code in the cause of the refusal and in the status.
import { type Server, createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { KeysFailure, VerifierUnavailable } from '../../src/verifier/index.ts'
import { selfSigned } from '../support/self-signed.ts'
import { KEY, OTHER_KEY, REQUIRED, forge, keySet, startVerifier, tokenWith } from './support.ts'

const closing: (() => void)[] = []
afterEach(() => {
  vi.useRealTimers()
  closing.splice(0).forEach((close) => close())
})

/** Returns the cause with which a token is refused. */
const refusalOf = async ({ verifier }: ReturnType<typeof startVerifier>, token = forge()) => {
  const error = await verifier.verify(token, REQUIRED).catch((thrown: unknown) => thrown)
  if (!(error instanceof VerifierUnavailable)) throw new Error('it is not refused for its keys')
  expect([error.code, error.status]).toEqual(['keys_unavailable', 503])
  if (!(error.cause instanceof KeysFailure)) throw new Error('there is no cause')
  return error.cause
}

const system = (code: string) => () => {
  throw Object.assign(new Error(`${code} certificate.dns.example`), { code })
}
const undici = (cause: unknown) => () => {
  throw new TypeError('fetch failed', { cause })
}
const thrown = (message: string) => () => {
  throw new TypeError(message)
}
const status = (code: number, headers = {}) => new Response(null, { status: code, headers })
const redirected = () => Object.defineProperty(keySet([KEY.jwk]), 'redirected', { value: true })
const json = (value: unknown) => () => Response.json(value)
const page = () =>
  new Response('<html></html>', { headers: { 'content-type': 'text/html; charset=utf-8' } })

const CASES: [string, () => Response, RegExp][] = [
  ['http_status', () => status(404), /404/],
  ['http_status', () => status(503), /503/],
  ['http_status', () => status(204), /204/],
  ['redirect', () => status(301, { location: 'https://auth.example/' }), /301/],
  ['redirect', redirected, /redirect/],
  ['not_a_key_set', page, /text\/html/],
  ['not_a_key_set', () => new Response(Uint8Array.of(0xff)), /JWK Set/],
  ['not_a_key_set', json([KEY.jwk]), /JWK Set/],
  ['too_long', () => new Response(' '.repeat(300_000)), /too long/],
  ['too_long', json({ keys: Array<object>(101).fill(KEY.jwk) }), /101/],
  ['empty_key_set', json({ keys: [] }), /empty/],
  ['no_usable_key', json({ keys: [{ ...KEY.jwk, alg: 'RS512' }] }), /algorithm/],
  ['no_usable_key', json({ keys: [{ ...KEY.jwk, e: 'Aw' }] }), /65537/],
  ['dns', system('ENOTFOUND'), /ENOTFOUND/],
  ['dns', undici(Object.assign(new Error('x'), { code: 'EAI_AGAIN' })), /EAI_AGAIN/],
  ['dns', thrown('error sending request: dns error: failed to lookup address'), /resolved/],
  ['tls', system('CERT_HAS_EXPIRED'), /CERT_HAS_EXPIRED/],
  ['tls', undici(Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })), /SELF/],
  ['tls', undici(Object.assign(new Error('x'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })), /TLS/],
  ['tls', thrown('client error (Connect): invalid peer certificate: UnknownIssuer'), /TLS/],
  ['connection', system('ECONNREFUSED'), /ECONNREFUSED/],
  ['connection', undici(Object.assign(new Error('x'), { code: 'UND_ERR_SOCKET' })), /UND_ERR/],
  ['timeout', undici(Object.assign(new Error('x'), { code: 'UND_ERR_CONNECT_TIMEOUT' })), /slow/],
  ['network', thrown('fetch failed'), /request to the key server failed/],
  ['network', () => Response.error(), /request to the key server failed/],
]

test.each(CASES)(
  'keys failure has the code %s in the refusal and in the status: case %#',
  async (code, answer, message) => {
    const started = startVerifier()
    started.server.answer = answer
    const cause = await refusalOf(started)
    expect([cause.code, cause.message]).toEqual([code, expect.stringMatching(message)])
    expect(started.verifier.status().jwks).toEqual({
      age: null,
      stale: true,
      lastFailure: cause.message,
      lastFailureCode: code,
    })
    // Tokens that are refused during the back-off have the same cause.
    expect((await refusalOf(started)).code).toBe(code)
  },
)

test('keys failure has the code network when fetch throws another value than an error', async () => {
  for (const value of [undefined, null, 'x', 1, { cause: null }, { code: 1 }]) {
    const started = startVerifier()
    started.server.answer = () => {
      throw value
    }
    expect((await refusalOf(started)).code).toBe('network')
  }
})

test('keys failure keeps an error that is its own cause, with a short message', async () => {
  const error: Error & { cause?: unknown } = new Error('x'.repeat(1_000_000))
  error.cause = error
  const started = startVerifier()
  started.server.answer = () => {
    throw error
  }
  const cause = await refusalOf(started)
  expect(cause.message.length).toBeLessThan(200)
  expect(cause.cause).toBe(error)
})

test('keys failure has the code timeout when no answer comes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const started = startVerifier()
  started.server.answer = () => new Promise<Response>(() => {})
  const refused = refusalOf(started)
  await vi.advanceTimersByTimeAsync(6_000)
  expect((await refused).code).toBe('timeout')
  expect(started.verifier.status().jwks.lastFailureCode).toBe('timeout')
})

describe('status of the keys', () => {
  test('has their age, and a failure until the next success', async () => {
    const { check, server, time, verifier } = startVerifier()
    await check(forge())
    time.monotonic += 299
    expect(verifier.status().jwks).toEqual({
      age: 299,
      stale: false,
      lastFailure: null,
      lastFailureCode: null,
    })
    server.answer = () => status(500)
    time.monotonic += 1
    expect(await check(forge())).toBe('good')
    expect(verifier.status().jwks).toMatchObject({
      age: 300,
      stale: true,
      lastFailureCode: 'http_status',
    })
    server.answer = () => keySet([KEY.jwk])
    time.monotonic += 60
    await check(forge())
    await new Promise(setImmediate)
    expect(verifier.status().jwks).toMatchObject({ age: 0, stale: false, lastFailure: null })
  })

  test('has no failure while a token is refused with not_asked', async () => {
    const started = startVerifier()
    await started.check(forge())
    await started.check(tokenWith({}, { kid: 'k8' }))
    started.time.monotonic += 1
    expect((await refusalOf(started, tokenWith({}, { kid: 'k9' }))).code).toBe('not_asked')
    expect(started.verifier.status().jwks.lastFailure).toBeNull()
  })

  test('names the failure for an unknown key while the key server is down', async () => {
    const started = startVerifier()
    await started.check(forge())
    started.server.answer = () => status(502)
    const token = forge({ header: { alg: 'RS256', typ: 'at+jwt', kid: 'k2' }, key: OTHER_KEY })
    expect((await refusalOf(started, token)).status).toBe(502)
    expect((await refusalOf(started, token)).status).toBe(502)
  })
})

describe('keys failure on the network', () => {
  const listening = async (server: Server | ReturnType<typeof createTcp>): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => void server.close())
    return (server.address() as AddressInfo).port
  }

  const failing = (jwksUri: string, fetch?: typeof globalThis.fetch) =>
    refusalOf(startVerifier({ jwksUri, fetch: fetch ?? globalThis.fetch }))

  test('has the code tls for a self-signed certificate', async () => {
    const port = await listening(createHttps(selfSigned(), (_, response) => response.end('{}')))
    const cause = await failing(`https://localhost:${port}/keys`)
    expect([cause.code, cause.message]).toEqual(['tls', expect.stringContaining('SELF_SIGNED')])
  })

  test('has the code tls for an HTTP server', async () => {
    const port = await listening(createHttp((_, response) => response.end('{}')))
    expect((await failing(`https://localhost:${port}/keys`)).code).toBe('tls')
  })

  test('has the code connection for a closed port', async () => {
    const server = createTcp()
    const port = await listening(server)
    await new Promise((resolve) => server.close(resolve))
    expect((await failing(`http://127.0.0.1:${port}/keys`)).code).toBe('connection')
  })

  test('has the code connection for a connection that is cut', async () => {
    const port = await listening(createTcp((socket) => socket.once('data', () => socket.destroy())))
    expect((await failing(`http://127.0.0.1:${port}/keys`)).code).toBe('connection')
  })

  test('has the codes redirect and http_status for a redirect and a missing page', async () => {
    const port = await listening(
      createHttp((request, response) => {
        const code = request.url?.startsWith('/old') ? 301 : 404
        response.writeHead(code, { location: '/new' }).end()
      }),
    )
    expect(await failing(`http://127.0.0.1:${port}/old`)).toMatchObject({
      code: 'redirect',
      status: 301,
    })
    expect(await failing(`http://127.0.0.1:${port}/keys`)).toMatchObject({
      code: 'http_status',
      status: 404,
    })
  })
})

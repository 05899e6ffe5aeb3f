// Server on the wire: limits, time, and malformed HTTP.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HEADERS_TIMEOUT_MS, MAX_FORM_BYTES, REQUEST_TIMEOUT_MS } from '../../src/constants.ts'
import { addHookClient } from '../support/database.ts'
import { basicHeader, createCaller, send } from '../support/http.ts'
import {
  type Place,
  type ServerProcess,
  seededPlace,
  onAnotherPort,
  startServer,
  until,
  withVariables,
} from '../support/processes.ts'
import { LAST_CHUNK, chunk, exchange, head, open, statusOf } from '../support/raw-http.ts'
import type { ClientCredentials } from '../support/records.ts'

let place: Place
let server: ServerProcess
let client: ClientCredentials
beforeAll(async () => {
  place = await seededPlace()
  server = await startServer(place)
  client = await addHookClient(place)
})
/** The server must have foreseen everything that the tests sent. */
afterAll(async () => {
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  expect(server.log().filter(({ msg }) => msg === 'server error')).toEqual([])
})

const CLOSE = { Connection: 'close' }
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const GRANT = 'grant_type=client_credentials'

const tokenHead = (headers: Record<string, string>) =>
  head('POST /oauth/token', { Authorization: basicHeader(client), ...FORM, ...headers })

const bodyOf = (answer: string) =>
  JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as Record<string, unknown>

const TOO_LARGE = { error: 'invalid_request', code: 'body_too_large' }

describe('request body', () => {
  it('is refused before it is sent when it is over 64 KiB', async () => {
    const connection = open(place)
    connection.write(tokenHead({ 'Content-Length': String(MAX_FORM_BYTES + 1) }))
    const answer = await connection.receives(/\r\n\r\n\{.*\}$/s)
    expect(statusOf(answer)).toBe(413)
    expect(bodyOf(answer)).toMatchObject(TOO_LARGE)
    await connection.closes() // the server does not wait for the body
  })

  it('is refused over 64 KiB, and asked for when shorter, with Expect: 100-continue', async () => {
    const expecting = (length: number) =>
      tokenHead({ ...CLOSE, Expect: '100-continue', 'Content-Length': String(length) })
    const refused = await exchange(place, expecting(MAX_FORM_BYTES + 1))
    expect(statusOf(refused)).toBe(413)

    const connection = open(place)
    connection.write(expecting(GRANT.length))
    await connection.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    connection.write(GRANT)
    expect(await connection.closes()).toMatch(/HTTP\/1\.1 200 OK\r\n/)
  })

  it('may be exactly 64 KiB', async () => {
    const body = `${GRANT}&x=`.padEnd(MAX_FORM_BYTES, 'x')
    const text = tokenHead({ ...CLOSE, 'Content-Length': String(body.length) }) + body
    expect(statusOf(await exchange(place, text))).toBe(200)
  })

  it('may be chunked, and is refused from the first byte beyond 64 KiB', async () => {
    const chunked = tokenHead({ ...CLOSE, 'Transfer-Encoding': 'chunked' })
    const [one, two] = [chunk(GRANT.slice(0, 5)), chunk(GRANT.slice(5))]
    const answer = await exchange(place, chunked + one + two + LAST_CHUNK)
    expect(statusOf(answer)).toBe(200)

    const connection = open(place)
    connection.write(tokenHead({ 'Transfer-Encoding': 'chunked' }))
    connection.write(chunk(`${GRANT}&x=`.padEnd(MAX_FORM_BYTES, 'x')) + chunk('x'))
    const refused = await connection.receives(/\r\n\r\n\{.*\}$/s) // the last chunk is not sent
    expect(statusOf(refused)).toBe(413)
    expect(bodyOf(refused)).toMatchObject(TOO_LARGE)
    await connection.closes()
  })

  it('may break off, and the next request is answered', async () => {
    const connection = open(place)
    connection.write(`${tokenHead({ 'Content-Length': String(GRANT.length) })}${GRANT.slice(0, 9)}`)
    connection.close()
    expect((await createCaller(place.url).requestToken(client)).status).toBe(200)
  })
})

describe('connection', () => {
  it('carries successive and pipelined requests', async () => {
    const body = { 'Content-Length': String(GRANT.length) }
    const connection = open(place)
    connection.write(tokenHead(body) + GRANT)
    await connection.receives(/"access_token".*\}$/s)
    connection.write(
      tokenHead(body) + GRANT + head('GET /nowhere') + head('GET /healthz', { ...CLOSE }),
    )
    const answers = (await connection.closes()).split(/(?=HTTP\/1\.1 )/)
    expect(answers.map(statusOf)).toEqual([200, 200, 404, 200])
  })

  it('is closed with 408 for slow headers after 10 s and for a slow body after 15 s', async () => {
    const began = Date.now()
    const timed = async (text: string) => {
      const connection = open(place)
      connection.write(text)
      return { answer: await connection.closes(), took: Date.now() - began }
    }
    const [headers, body] = await Promise.all([
      timed('POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nX-Slow: '),
      timed(tokenHead({ 'Content-Length': '100' }) + GRANT),
    ])
    for (const [{ answer, took }, limit] of [
      [headers, HEADERS_TIMEOUT_MS],
      [body, REQUEST_TIMEOUT_MS],
    ] as const) {
      expect(answer).not.toContain('access_token')
      if (answer !== '') expect(statusOf(answer)).toBe(408)
      expect(took).toBeGreaterThanOrEqual(limit - 100)
      expect(took).toBeLessThan(limit + 3_000)
    }
  })
})

/** Request, and the status of its answer. */
const ODD: Record<string, [text: string, status: number]> = {
  'a malformed request line': ['NONSENSE\r\n\r\n', 400],
  'a malformed method': [head('GE(T /healthz', CLOSE), 400],
  'no Host': ['GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  'a malformed Host': [head('GET /healthz', { ...CLOSE, Host: 'a b' }), 400],
  'a malformed address': [head('GET healthz', CLOSE), 400],
  'two lengths': [head('POST /oauth/token', { ...CLOSE, 'Content-Length': '1, 2' }), 400],
  'a length and chunks': [
    head('POST /oauth/token', { ...CLOSE, 'Content-Length': '4', 'Transfer-Encoding': 'chunked' }),
    400,
  ],
  'a malformed chunk': [
    head('POST /oauth/token', { ...CLOSE, ...FORM, 'Transfer-Encoding': 'chunked' }) + 'zz\r\n',
    400,
  ],
  'an endless header': [head('GET /healthz', { 'X-Long': 'x'.repeat(20_000) }), 431],
  'too many headers': [`GET /healthz HTTP/1.1\r\n${'X-Many: value\r\n'.repeat(2_000)}\r\n`, 431],
  'two Hosts': ['GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
  'a Host that is invalid in a URL': [head('GET /healthz', { ...CLOSE, Host: 'xn--a' }), 400],
  'a Host with a user': [head('GET /metrics', { ...CLOSE, Host: 'a@localhost' }), 400],
  'a Host with a bad port': [head('GET /healthz', { ...CLOSE, Host: 'localhost:99999' }), 400],
  'an empty Host': [head('GET /healthz', { ...CLOSE, Host: '' }), 400],
  'a Host with a path': [head('GET /healthz', { ...CLOSE, Host: 'localhost/x' }), 400],
  'a Host in another spelling': [head('GET /metrics', { ...CLOSE, Host: '127.1' }), 400],
  'a very long Host': [head('GET /healthz', { ...CLOSE, Host: 'a.'.repeat(4_000) }), 400],
  'the asterisk form': [head('OPTIONS *', CLOSE), 400],
  'the method CONNECT': [head('CONNECT localhost:443', CLOSE), 400],
  'a bad absolute form': [head('GET http://xn--a/healthz', CLOSE), 400],
  'an absolute form with a user': [head('GET http://a@localhost/metrics', CLOSE), 400],
  'another scheme': [head('GET ftp://localhost/healthz', CLOSE), 400],
  'a fragment': [head('GET /healthz#x', CLOSE), 400],
  'letters that are not ASCII': [head('GET /healthz?\u00e9', CLOSE), 400],
  'bytes after the version': ['GET /healthz HTTP/1.1 x\r\nHost: localhost\r\n\r\n', 400],
  'HTTP/0.9': ['GET /healthz\r\n\r\n', 400],
  'HTTP/2': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  'lines that end with LF alone': ['GET /healthz HTTP/1.1\nHost: localhost\n\n', 400],
  'an expectation and two Hosts': [
    head('POST /oauth/token', {
      ...CLOSE,
      Expect: '100-continue',
      host: 'a',
      'Content-Length': '1',
    }),
    400,
  ],
  'an unknown expectation': [head('GET /healthz', { ...CLOSE, Expect: 'tea' }), 417],
  'an unknown method': [head('BREW /oauth/token', CLOSE), 400],
  'another method': [head('PATCH /oauth/token', CLOSE), 405],
}

describe('request', () => {
  it.each(Object.entries(ODD))('is refused with %s', async (_, [text, status]) => {
    const answer = await exchange(place, text)
    expect(statusOf(answer)).toBe(status)
    expect(answer).toMatch(/^x-content-type-options: nosniff\r$/im)
    expect(answer).toMatch(/^x-request-id: [\w-]+\r$/im)
    expect(bodyOf(answer)).toMatchObject({
      error: expect.any(String) as unknown,
      code: expect.any(String) as unknown,
    })
  })

  it('has the same answer in absolute form as in origin form', async () => {
    const absolute = await exchange(place, head('GET http://localhost:1/healthz', CLOSE))
    expect(statusOf(absolute)).toBe(200)
    const metrics = await exchange(place, head('GET http://auth.example/metrics', CLOSE))
    expect(statusOf(metrics)).toBe(404) // the name is not one of loopback
  })

  it('reaches no route with a path in another spelling', async () => {
    const paths = [
      '/metrics',
      '/healthz',
      '/docs',
      '/oauth/token',
      '/oauth/revocations',
      '/admin/v1/clients',
      '/.well-known/jwks.json',
      '/openapi.json',
      '/readyz',
    ]
    const spellings = paths.flatMap((path) => [
      `/${path}`,
      `/.${path}`,
      `/x/..${path}`,
      `/x/%2e%2E${path}`,
      `/x%2f..${path}`,
      `${path}/.`,
      `${path}/x/..`,
      `${path}%00`,
      `${path}%20`,
      `${path}/`,
      path.replaceAll('/', '\\'),
      `/x\\..${path}`,
      `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`,
      `${path.slice(0, -1)}%${path.charCodeAt(path.length - 1).toString(16)}`,
      `${path.slice(0, -1)}%${path
        .charCodeAt(path.length - 1)
        .toString(16)
        .toUpperCase()}`,
      `/%25${path.charCodeAt(1).toString(16)}${path.slice(2)}`,
      path.replaceAll(/(?!^)\//g, '%2F'),
      path.toUpperCase(),
      `/${String.fromCharCode(path.charCodeAt(1) + 0x80)}${path.slice(2)}`,
      `${path}\t`,
      `${path};x`,
      `http://localhost/${path}`,
      `http://localhost/x/..${path}`,
    ])
    for (const spelling of spellings.filter((one) => !paths.includes(one))) {
      const answer = await exchange(place, head(`GET ${spelling}`, CLOSE))
      expect([400, 401, 404], spelling).toContain(statusOf(answer))
      if (statusOf(answer) === 401) expect(spelling).toMatch(/^\/admin\/v1\//)
      expect(answer, spelling).toMatch(/^x-content-type-options: nosniff\r$/im)
      expect(bodyOf(answer), spelling).toHaveProperty('code')
    }
  })

  it('gets the answer of GET without the body for HEAD', async () => {
    const path = '/.well-known/jwks.json'
    const got = await exchange(place, head(`GET ${path}`, CLOSE))
    const headed = await exchange(place, head(`HEAD ${path}`, CLOSE))
    // RFC 9110 §9.3.2: headers that depend on the body may be left out.
    const constant = (answer: string) =>
      answer
        .slice(0, answer.indexOf('\r\n\r\n'))
        .toLowerCase()
        .split('\r\n')
        .filter((field) => !/^(date|x-request-id|content-length):/.test(field))
        .toSorted()
    expect(headed).toMatch(/\r\n\r\n$/)
    expect(constant(headed)).toEqual(constant(got))
  })
})

describe('address of a client', () => {
  /** Returns the address in the log line of a failed authentication. */
  const loggedAddress = async (at: Place, running: ServerProcess, forwarded: string) => {
    const requestId = randomUUID()
    const headers = { 'x-forwarded-for': forwarded, 'x-request-id': requestId }
    const form = { grant_type: 'client_credentials', client_id: client.id, client_secret: 'wrong' }
    expect((await send(`${at.url}/oauth/token`, { form, headers })).status).toBe(401)
    const failure = await until('the log line of the failure', () =>
      running.log().find((line) => line['requestId'] === requestId),
    )
    expect(failure.msg).toBe('client authentication failed')
    return failure['address']
  }

  it('is the peer, or the forwarded address behind a trusted proxy', async () => {
    expect(await loggedAddress(place, server, '192.0.2.7')).toBe('127.0.0.1')

    const proxied = withVariables(await onAnotherPort(place), {
      LATCHKEY_TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8',
    })
    const behind = await startServer(proxied)
    const CASES: [forwarded: string, address: string][] = [
      ['192.0.2.7', '192.0.2.7'],
      ['198.51.100.1, 192.0.2.7', '192.0.2.7'],
      ['198.51.100.1, 192.0.2.7, 10.1.2.3', '192.0.2.7'],
      ['2001:db8::7', '2001:db8::7'],
      ['not an address', '127.0.0.1'],
      ['10.1.2.3', '127.0.0.1'],
    ]
    expect(behind.log().filter(({ msg }) => msg.startsWith('there is no /metrics'))).toHaveLength(1)
    const unread = await send(`${proxied.url}/metrics`)
    expect([unread.status, unread.text.includes('latchkey_')]).toEqual([404, false])
    for (const [forwarded, address] of CASES) {
      expect(await loggedAddress(proxied, behind, forwarded), forwarded).toBe(address)
    }
  })

  it('decides about metrics: loopback may read them, and no client behind a proxy may', async () => {
    const metrics = (headers: Record<string, string> = {}) =>
      send(`${place.url}/metrics`, { headers })
    const read = await metrics()
    expect(read.status).toBe(200)
    expect(read.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(read.text).toMatch(/^latchkey_tokens_issued_total/m)
    for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']) {
      const refused = await metrics({ [name]: '127.0.0.1' })
      expect(refused.status, name).toBe(404)
      expect(refused.text).not.toContain('latchkey_')
    }
  })
})

describe('refusal that does not reach the routes', () => {
  it.each(['GET //%ff%00', 'GET *'])('has the headers of any other: %s', async (line) => {
    const headersOf = (answer: string) =>
      answer
        .slice(0, answer.indexOf('\r\n\r\n'))
        .split('\r\n')
        .slice(1)
        .map((field) => field.toLowerCase())
        .filter((field) => !/^(date|x-request-id|content-length|keep-alive):/.test(field))
        .toSorted()
    const refused = await exchange(place, head(line, CLOSE))
    const unknown = await exchange(place, head('GET /nothing-here', CLOSE))
    expect(headersOf(refused)).toEqual(headersOf(unknown))
    expect(headersOf(refused)).toEqual(
      expect.arrayContaining(['cache-control: no-store', 'content-type: application/json']),
    )
    expect(bodyOf(refused)).toHaveProperty('code')
  })
})

// Connections that end at any point leave the process running, and requests are separated at any
// division of their bytes.
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REFUSED_LINGER_MS } from '../../src/constants.ts'
import { send } from '../support/http.ts'
import { type Place, type ServerProcess, seededPlace, startServer } from '../support/processes.ts'
import { LAST_CHUNK, chunk, exchange, head, open, statusOf } from '../support/raw-http.ts'

let place: Place
let server: ServerProcess
beforeAll(async () => {
  place = await seededPlace()
  server = await startServer(place)
})
afterAll(async () => {
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
})

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const CHUNKED = { 'Transfer-Encoding': 'chunked' }
const docs = head('GET /docs')

const BEGINNINGS: [title: string, text: string][] = [
  ['no bytes', ''],
  ['an answer', docs],
  ['many answers', docs.repeat(50)],
  ['malformed bytes', 'XX\r\n\r\n'],
  ['malformed bytes after a request', `${docs}XX\r\n\r\n`],
  ['a long head', `GET / HTTP/1.1\r\nX: ${'a'.repeat(20_000)}`],
  ['a body', `${head('POST /oauth/token', { ...FORM, 'Content-Length': '1000' })}a`],
  ['a chunk', `${head('POST /oauth/token', { ...FORM, ...CHUNKED })}5\r\nab`],
  ['a malformed chunk', `${head('POST /oauth/token', { ...FORM, ...CHUNKED })}ZZ\r\n`],
  ['an upgrade', head('GET /docs', { Connection: 'upgrade', Upgrade: 'websocket' })],
  ['an expectation', head('POST /oauth/token', { Expect: '100-continue', 'Content-Length': '9' })],
  ['another expectation', head('POST /oauth/token', { Expect: 'x', 'Content-Length': '9' })],
  ['a held answer', head('GET /oauth/revocations?wait=25')],
  ['CONNECT', head('CONNECT a.example:443')],
  ['CONNECT and further bytes', head('CONNECT a.example:443') + 'x'.repeat(50_000)],
  ['CONNECT after a request', docs + head('CONNECT a.example:443')],
  [
    'CONNECT after a body',
    `${head('POST /docs', { 'Content-Length': '2' })}ab` + head('CONNECT a:1'),
  ],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
]

const DELAYS_MS = [0, 0, 1, 3]

describe.each([
  ['reset', 'resetAndDestroy'],
  ['ended', 'end'],
] as const)('connection that is %s', (_, how) => {
  it.each(BEGINNINGS)('does not end the process after %s', async (__, text) => {
    for (let i = 0; i < 40; i++) {
      const socket = connect(place.port, '127.0.0.1').on('error', () => {})
      await new Promise((resolve) => socket.once('connect', resolve))
      socket.write(text)
      await new Promise((resolve) => setTimeout(resolve, DELAYS_MS[i % DELAYS_MS.length]))
      socket[how]()
    }
    expect((await send(`${place.url}/healthz`)).status).toBe(200)
  })
})

it.each([
  ['CONNECT', head('CONNECT a.example:443')],
  ['malformed bytes', 'XX\r\n\r\n'],
])(
  '%s gets 400 and a closed connection, although the client keeps its side open',
  async (_, text) => {
    const received = await new Promise<string>((resolve) => {
      let all = ''
      const socket = connect({ port: place.port, host: '127.0.0.1', allowHalfOpen: true })
      socket.setEncoding('utf8').on('data', (part: string) => (all += part))
      socket.on('error', () => {})
      socket.write(text)
      const probe = setInterval(() => socket.write('x'), REFUSED_LINGER_MS / 4)
      socket.once('close', () => {
        clearInterval(probe)
        resolve(all)
      })
    })
    expect(statusOf(received)).toBe(400)
  },
)

/** Requests with the status of each answer. The server keeps the connection open after each. */
const REQUESTS: (readonly [text: string, status: number])[] = [
  [head('GET /healthz'), 200],
  [`\r\n\r\n\r\n${head('GET /healthz')}`, 200],
  [`${head('POST /docs', { 'Content-Length': '2' })}ab`, 405],
  [`${head('POST /docs', { 'Content-Length': '12' })}\r\n\r\n\r\n\r\n\r\n\r\n`, 405],
  [`${head('POST /docs', { 'Content-Length': '400' })}${'\r\n\r\n'.repeat(100)}`, 405],
  [head('POST /docs', CHUNKED) + chunk('\r\n\r\n') + chunk('a').repeat(200) + LAST_CHUNK, 405],
  [`${head('POST /docs', CHUNKED)}${chunk('a')}0\r\nX-Trailer: a\r\n\r\n`, 405],
  [`${head('POST /oauth/token', { ...FORM, 'Content-Length': '19' })}grant_type=password`, 400],
  [
    head('POST /oauth/token', { ...FORM, ...CHUNKED }) + chunk('\r\n\r\n').repeat(300) + LAST_CHUNK,
    400,
  ],
  [head('GET /nowhere', { 'X-Long': 'a'.repeat(3_000) }), 404],
]

it('pipelined requests are separated at any division of their bytes', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 12 })
  const chosen = fc.array(fc.constantFrom(...REQUESTS), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(chosen, sizes, async (requests, cuts) => {
      const last = head('GET /healthz', { Connection: 'close' })
      const text = requests.map(([one]) => one).join('') + last
      const connection = open(place)
      for (let at = 0, i = 0; at < text.length; i++) {
        const size = cuts[i % cuts.length] ?? 1
        connection.write(text.slice(at, at + size))
        at += size
        if (i % 5 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      const answers = (await connection.closes()).split(/(?=HTTP\/1\.1 )/)
      expect(answers.map(statusOf)).toEqual([...requests.map(([, status]) => status), 200])
    }),
    { numRuns: 60 },
  )
})

it('request is read with its bytes divided at any place', async () => {
  const last = head('GET /healthz', { Connection: 'close' })
  const texts = [
    head('GET /healthz'),
    `${head('POST /docs', { 'Content-Length': '6' })}\r\n\r\na\n`,
  ]
  const cuts = texts.flatMap((text) =>
    Array.from(text, (_, i) => [text.slice(0, i), text.slice(i)]),
  )
  const answers = cuts.map(async ([first = '', rest = '']) => {
    const connection = open(place)
    connection.write(first)
    await new Promise((resolve) => setTimeout(resolve, 100))
    connection.write(rest + last)
    const received = (await connection.closes()).split(/(?=HTTP\/1\.1 )/)
    return received.map(statusOf)
  })
  const statuses = texts.flatMap((text, i) => Array.from(text, () => [i === 0 ? 200 : 405, 200]))
  expect(await Promise.all(answers)).toEqual(statuses)
})

it('form in chunks of one byte is read as a whole', async () => {
  const form = 'grant_type=password&padding=' + 'x'.repeat(500)
  const headers = { ...FORM, ...CHUNKED, Connection: 'close' }
  const body = Array.from(form, (byte) => chunk(byte)).join('')
  const answer = await exchange(place, head('POST /oauth/token', headers) + body + LAST_CHUNK)
  expect(statusOf(answer)).toBe(400)
  expect(answer).toContain('grant_type_unsupported')
})

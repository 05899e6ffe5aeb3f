// Content codings of the revocation list over HTTP: a cache that respects `Vary` gives each client
// a coding that it accepts.
import { type IncomingHttpHeaders, request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { execute } from '../support/database.ts'
import { type Place, type ServerProcess, seededPlace, startServer } from '../support/processes.ts'

/** Number of rules for a page that is worth compressing. */
const RULES = 300

let place: Place
let server: ServerProcess
beforeAll(async () => {
  place = await seededPlace()
  server = await startServer(place)
  execute(
    place,
    `insert into revocations (seq, kind, value, client_id, expires_at, created_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ${RULES})
      select (select seq from revocation_counter) + i, 'jti', hex(randomblob(16)), 'c', 4000000000, 1 from n;
    update revocation_counter set seq = (select max(seq) from revocations)`,
  )
})
afterAll(() => server.stop())

type Answer = { status: number | undefined; headers: IncomingHttpHeaders; body: Buffer }

/** Sends a request and decodes nothing. */
const ask = (path: string, headers: Record<string, string>): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(`${place.url}${path}`, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const { statusCode: status, headers: answered } = response
        resolve({ status, headers: answered, body: Buffer.concat(chunks) })
      })
    })
    sent.on('error', reject).end()
  })

/**
 * Starts a shared cache that keeps every answer and reuses it for requests with equal values of the
 * fields that its `Vary` names (RFC 9111 §4.1).
 */
const startCache = () => {
  const stored: { path: string; headers: Record<string, string>; answer: Answer }[] = []
  let hits = 0
  return {
    hits: () => hits,
    async ask(path: string, headers: Record<string, string>): Promise<Answer> {
      const known = stored.find(
        (one) =>
          one.path === path &&
          (one.answer.headers.vary ?? '')
            .toLowerCase()
            .split(/\s*,\s*/)
            .every((name) => one.headers[name] === headers[name]),
      )
      if (known !== undefined) {
        hits++
        return known.answer
      }
      const answer = await ask(path, headers)
      stored.push({ path, headers, answer })
      return answer
    },
  }
}

const TAKES_GZIP: Record<string, string>[] = [
  { 'accept-encoding': 'gzip' },
  { 'accept-encoding': 'gzip, deflate, br' },
  { 'accept-encoding': '*' },
]
const TAKES_TEXT: Record<string, string>[] = [
  {},
  { 'accept-encoding': '' },
  { 'accept-encoding': 'identity' },
  { 'accept-encoding': 'br' },
  { 'accept-encoding': 'gzip;q=0, *' },
]

const expectList = (jws: string): void => {
  const { entries } = decodeJwt<{ entries: unknown[] }>(jws)
  expect(entries.length).toBeGreaterThanOrEqual(RULES)
}

const expectGzip = ({ status, headers, body }: Answer): void => {
  expect([status, headers['content-encoding']]).toEqual([200, 'gzip'])
  expect(headers.vary).toBe('Accept-Encoding')
  expectList(gunzipSync(body).toString())
}

const expectText = ({ status, headers, body }: Answer): void => {
  expect([status, headers['content-encoding']]).toEqual([200, undefined])
  expect(headers.vary).toBe('Accept-Encoding')
  expectList(body.toString())
}

const PATHS = [
  '/oauth/revocations',
  '/oauth/revocations?after=unknown',
  '/oauth/revocations?wait=1',
]

describe.each(PATHS)('list at %s', (path) => {
  it.each(['gzip first', 'text first'])(
    'reaches each client behind a cache in an accepted coding, %s',
    async (order) => {
      const cache = startCache()
      const [first, second] = [
        { clients: TAKES_GZIP, check: expectGzip },
        { clients: TAKES_TEXT, check: expectText },
      ]
      const turns = order === 'gzip first' ? [first, second] : [second, first]
      for (let round = 0; round < 2; round++) {
        for (const { clients, check } of turns) {
          for (const headers of clients) check(await cache.ask(path, headers))
        }
      }
      expect(cache.hits()).toBe(TAKES_GZIP.length + TAKES_TEXT.length)
    },
  )
})

// Secrets are compared by `timingSafeEqual` alone, once for each login, whether the credentials are right or wrong.
import { timingSafeEqual } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createMetrics } from '../../src/node/metrics.ts'
import { sources } from '../support/imports.ts'
import type { ClientCredentials } from '../support/records.ts'
import { type TestServer, startServer } from '../support/server.ts'

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  return { ...crypto, timingSafeEqual: vi.fn(crypto.timingSafeEqual) }
})
const compared = vi.mocked(timingSafeEqual)

const METRICS_TOKEN = 'metrics-token-of-32-characters-x'
const WRONG = `lks_${'x'.repeat(43)}`
/** The store finds the row by hash, so that a comparison is left for each login. */
const LOGIN_COMPARISONS = 1

let server: TestServer
let client: ClientCredentials
let clients: [name: string, credentials: ClientCredentials][]

beforeAll(async () => {
  server = await startServer({
    metrics: createMetrics({ waiting: 0 }),
    metricsToken: METRICS_TOKEN,
  })
  await server.audience('api', ['read'])
  const make = () => server.client({ grants: { api: ['read'] }, introspects: ['api'] })
  const [disabled, deleted] = [await make(), await make()]
  client = await make()
  await server.setStatus(disabled.id, 'disabled')
  await server.deleteClient(deleted.id)
  clients = [
    ['right', client],
    ['wrong', { ...client, secret: WRONG }],
    ['unknown', { id: `lkc_${'x'.repeat(22)}`, secret: WRONG }],
    ['disabled', disabled],
    ['deleted', deleted],
  ]
})
afterEach(() => {
  compared.mockClear()
})

/** How many comparisons `run` makes; both sides of each are whole hashes. */
const comparisonsOf = async (run: () => unknown): Promise<number> => {
  compared.mockClear()
  await run()
  for (const [a, b] of compared.mock.calls) {
    expect([a.byteLength, b.byteLength]).toEqual([43, 43]) // SHA-256 in base64url
  }
  return compared.mock.calls.length
}

describe('comparisons in constant time', () => {
  const forms: [path: string, form: Record<string, string>][] = [
    ['/oauth/token', { grant_type: 'client_credentials' }],
    ['/oauth/introspect', { token: 'x' }],
    ['/oauth/revoke', { token: 'x' }],
    ['/oauth/runs/revoke', { identifier: 'x' }],
  ]
  it.each(forms)('of a login at %s', async (path, form) => {
    const counts: [string, number][] = []
    for (const [name, basic] of clients) {
      counts.push([name, await comparisonsOf(() => server.post(path, form, { basic }))])
    }
    expect(counts).toEqual(clients.map(([name]) => [name, LOGIN_COMPARISONS]))
  })

  it.each(['GET', 'PUT', 'DELETE'])('of a registration access token: %s', async (method) => {
    const headers = { Authorization: `Bearer lkr_${'x'.repeat(43)}` }
    const counts: number[] = []
    for (const id of [client.id, 'unknown']) {
      const ask = () => server.request(`/oauth/register/${id}`, { method, headers })
      counts.push(await comparisonsOf(ask))
    }
    expect(counts).toEqual([1, 1])
  })

  it.each([METRICS_TOKEN, 'another'])('of the token for metrics: %s', async (token) => {
    const headers = { Authorization: `Bearer ${token}` }
    expect(await comparisonsOf(() => server.request('/metrics', { headers }))).toBe(1)
  })
})

/** Names of what is secret, or a hash of it, where they are compared. */
const SECRET = /(^|[.\w])(hash|secret|digest|presented|kek|token)$/i
/** Against what is public: a literal, a length, or a thing that is not there. */
const PUBLIC = /^(null|undefined|true|false|-?\d+|'[^']*')$/
const COMPARISON = /([\w.[\]?!]+(?:\([\w., ]*\))?) [!=]==? ([\w.[\]?!']+(?:\([\w., ]*\))?)/g

/** Equality of what is no secret, although it sounds like one. */
const ALLOWED: Record<string, string[]> = {
  // The text of a migration against the one that was applied.
  'store/migrate.ts': ['ours.hash !== hash'],
  // Offline, by who already reads the whole table: `latchkey audit verify`.
  'audit/verify.ts': ['sealed === digest'],
}

const comparisonsIn = (text: string): string[] =>
  [...text.matchAll(COMPARISON)].flatMap(([whole, left = '', right = '']) => {
    const named = SECRET.test(left) || SECRET.test(right)
    return named && !PUBLIC.test(left) && !PUBLIC.test(right) ? [whole] : []
  })

describe('the sources', () => {
  it('have no other comparison of a secret', () => {
    expect(comparisonsIn('if (login.hash === presented) x')).toEqual(['login.hash === presented'])
    expect(comparisonsIn('hashSecret(a) !== found.hash')).toEqual(['hashSecret(a) !== found.hash'])
    expect(comparisonsIn("token === null || secret !== undefined || kek !== ''")).toEqual([])
    const found = [...sources()].flatMap(([path, text]) =>
      comparisonsIn(text)
        .filter((comparison) => ALLOWED[path]?.includes(comparison) !== true)
        .map((comparison) => `${path}: ${comparison}`),
    )
    expect(found).toEqual([])
  })

  it('open a database in two places alone, which the tests of its settings know', () => {
    const opening = [...sources()].filter(([, text]) => /new \w*Sqlite3\((?!':memory:')/.test(text))
    expect(opening.map(([path]) => path).toSorted()).toEqual([
      'node/ledger-file.ts',
      'store/better-sqlite3.ts',
    ])
  })
})

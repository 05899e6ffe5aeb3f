// Secrets are compared by `timingSafeEqual` alone, once for each login, whether the credentials are right or wrong.
import { timingSafeEqual } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createMetrics } from '../../src/node/metrics.ts'
import { GOOD_FORMS } from '../support/addresses.ts'
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
/** Comparisons for each login: the store finds the row by its hash, and one comparison remains. */
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

/** Counts the comparisons that `run` makes, and checks that both sides are whole hashes. */
const comparisonsOf = async (run: () => unknown): Promise<number> => {
  compared.mockClear()
  await run()
  for (const [a, b] of compared.mock.calls) {
    expect([a.byteLength, b.byteLength]).toEqual([43, 43]) // SHA-256 in base64url
  }
  return compared.mock.calls.length
}

describe('constant-time comparison', () => {
  it.each(Object.entries(GOOD_FORMS))(
    'runs once for each login at %s, with right and wrong credentials',
    async (path, form) => {
      const counts: [string, number][] = []
      for (const [name, basic] of clients) {
        counts.push([name, await comparisonsOf(() => server.post(path, form, { basic }))])
      }
      expect(counts).toEqual(clients.map(([name]) => [name, LOGIN_COMPARISONS]))
    },
  )

  it.each(['GET', 'PUT', 'DELETE'])(
    'runs once for a registration access token with %s',
    async (method) => {
      const headers = { Authorization: `Bearer lkr_${'x'.repeat(43)}` }
      const counts: number[] = []
      for (const id of [client.id, 'unknown']) {
        const ask = () => server.request(`/oauth/register/${id}`, { method, headers })
        counts.push(await comparisonsOf(ask))
      }
      expect(counts).toEqual([1, 1])
    },
  )

  it.each([METRICS_TOKEN, 'another'])('runs once for the metrics token %s', async (token) => {
    const headers = { Authorization: `Bearer ${token}` }
    expect(await comparisonsOf(() => server.request('/metrics', { headers }))).toBe(1)
  })
})

/** Names of variables that hold a secret or the hash of one. */
const SECRET = /(^|[.\w])(hash|secret|digest|presented|kek|token)$/i
/** Operands that need no constant time: a literal, a length, null or undefined. */
const PUBLIC = /^(null|undefined|true|false|-?\d+|'[^']*')$/
const COMPARISON = /([\w.[\]?!]+(?:\([\w., ]*\))?) [!=]==? ([\w.[\]?!']+(?:\([\w., ]*\))?)/g

/** Comparisons of public values whose names look like secrets. */
const ALLOWED: Record<string, string[]> = {
  // Text of a migration, compared with the text that was applied.
  'store/sqlite/migrate.ts': ['ours.hash !== hash'],
  // Offline comparison in `latchkey audit verify`, whose operator can read the whole table.
  'audit/verify.ts': ['sealed === digest'],
  // Comparison with a token whose signature ends alike, 192 bits long: who sends that end has the token.
  'verifier/token/cache.ts': ['entry?.token === token', '?.token === token'],
}

const comparisonsIn = (text: string): string[] =>
  [...text.matchAll(COMPARISON)].flatMap(([whole, left = '', right = '']) => {
    const named = SECRET.test(left) || SECRET.test(right)
    return named && !PUBLIC.test(left) && !PUBLIC.test(right) ? [whole] : []
  })

describe('source code', () => {
  it('compares no other secret with an equality operator', () => {
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

  it('opens database files in three modules only', () => {
    const opening = [...sources()].filter(([, text]) => /new \w*Sqlite3\((?!':memory:')/.test(text))
    expect(opening.map(([path]) => path).toSorted()).toEqual([
      'node/ledger/file.ts',
      'store/sqlite/better-sqlite3.ts',
      'store/sqlite/existing.ts',
    ])
  })
})

// Follower in workerd, where nothing runs between requests: it updates the list on use, and keeps
// it in the platform's cache for the next isolate.
import { build } from 'esbuild'
import { Miniflare, Response as WorkerResponse } from 'miniflare'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cursor, page } from './lists.ts'
import { AUDIENCE, CLAIMS, ISSUER, KEY, forge } from './support.ts'

const WORKER = `
import { Hono } from 'hono'
import { createVerifier, fromQuery } from './src/verifier/index.ts'
import { honoAdapter } from './src/verifier/adapters/hono.ts'

let skip = 0
// At module scope, where there is neither time nor I/O.
const verifier = createVerifier({
  issuer: '${ISSUER}', audience: '${AUDIENCE}', monotonic: () => performance.now() + skip,
})
const app = new Hono()
app.get('/status', (c) => c.json(verifier.status().revocations))
app.get('/skip', (c) => c.text(String((skip += Number(c.req.query('ms'))))))
app.get('/plain', async (c) => {
  const bearer = c.req.header('authorization').slice(7)
  return c.text(await verifier.verify(bearer, { permission: null, plugin: 'acme.sync' }).then(() => 'good', (e) => e.code ?? String(e)))
})
app.get('/', honoAdapter(verifier)(null, { plugin: fromQuery('plugin_id') }), (c) => c.text('good'))
export default app
`

let script = ''
beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: WORKER, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
    conditions: ['workerd', 'worker', 'browser'],
  })
  script = outputFiles[0]?.text ?? ''
})

const running: Miniflare[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.dispose()))
})

const now = (): number => Math.floor(Date.now() / 1000)

/** Starts a worker and its issuer. */
const start = () => {
  const issuer = {
    asked: [] as string[],
    seq: 1,
    entries: [] as { kind: string; value: string; seq: number; exp: null }[],
    delayMs: 0,
    down: false,
  }
  const answer = async (url: URL): Promise<string> => {
    const after = url.searchParams.get('after')
    issuer.asked.push(after ?? 'all')
    expect(url.searchParams.get('wait')).toBeNull()
    const { seq, entries } = issuer
    const text = page({
      seq,
      iat: now(),
      full: after === null,
      entries: entries.filter((entry) => after === null || cursor(entry.seq) > after),
    })
    await new Promise((resolve) => setTimeout(resolve, issuer.delayMs))
    return text
  }
  const options = {
    modules: true,
    compatibilityDate: '2026-01-01',
    outboundService: async ({ url: asked }: { url: string }) => {
      const url = new URL(asked)
      if (url.pathname.endsWith('jwks.json')) return WorkerResponse.json({ keys: [KEY.jwk] })
      return issuer.down
        ? new WorkerResponse(null, { status: 503 })
        : new WorkerResponse(await answer(url))
    },
  } as const
  const worker = new Miniflare({ ...options, script })
  running.push(worker)
  const token = forge({ payload: { ...CLAIMS, iat: now(), exp: now() + 900 } })
  const get = async (path: string): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` }
    const response = await worker.dispatchFetch(`http://localhost${path}`, { headers })
    const text = await response.text()
    return text.startsWith('{') ? ((JSON.parse(text) as { code?: string }).code ?? text) : text
  }
  return {
    issuer,
    get,
    ask: () => get('/?plugin_id=acme.sync'),
    skip: (ms: number) => get(`/skip?ms=${ms}`),
    asked: () => issuer.asked.splice(0),
    revoke: () => {
      issuer.seq += 1
      issuer.entries.push({ kind: 'jti', value: 'jti-1', seq: issuer.seq, exp: null })
    },
    /** Starts another isolate, which has only the contents of the cache. */
    restart: () => worker.setOptions({ ...options, script: `${script}\n// again` }),
  }
}

describe('follower on Workers', () => {
  test('fetches the list at the first use and not again within a second', async () => {
    const { ask, asked } = start()
    expect([await ask(), await ask(), await ask()]).toEqual(['good', 'good', 'good'])
    expect(asked()).toEqual(['all'])
  })

  test('uses a list that is a few seconds old and updates it after the answer', async () => {
    const { ask, asked, skip, revoke, issuer } = start()
    await ask()
    asked()
    await skip(2_000)
    revoke()
    issuer.delayMs = 100
    expect(await ask()).toBe('good')
    await expect.poll(asked).toEqual([cursor(1)])
    await expect.poll(ask).toBe('token_revoked')
  })

  test('updates the list before the answer without waitUntil', async () => {
    const { ask, get, skip, revoke } = start()
    await ask()
    await skip(2_000)
    revoke()
    expect(await get('/plain')).toBe('token_revoked')
  })

  test('updates a list that is six seconds old before the answer', async () => {
    const { ask, asked, skip, revoke } = start()
    await ask()
    asked()
    await skip(6_000)
    revoke()
    expect(await ask()).toBe('token_revoked')
    expect(asked()).toEqual([cursor(1)])
  })

  test('shares one fetched list between simultaneous requests without sharing a promise', async () => {
    const { ask, asked, skip, issuer } = start()
    await ask()
    asked()
    await skip(6_000)
    issuer.delayMs = 100
    const answers = await Promise.all(Array.from({ length: 10 }, ask))
    expect(new Set(answers)).toEqual(new Set(['good']))
    expect(asked()).toEqual([cursor(1)])
  })

  test('starts a new isolate with the cached list and requests newer rules', async () => {
    const { ask, asked, restart, revoke } = start()
    await ask()
    asked()
    revoke()
    await restart()
    expect(await ask()).toBe('token_revoked')
    expect(asked()).toEqual([cursor(1)])
  })

  test('accepts tokens while the issuer is down until the list is stale', async () => {
    const { ask, skip, issuer } = start()
    await ask()
    issuer.down = true
    await skip(200_000)
    expect(await ask()).toBe('good')
    await skip(101_000)
    expect(await ask()).toBe('revocations_stale')
    issuer.down = false
    await skip(5_000)
    expect(await ask()).toBe('good')
  })
})

// Dry runs of a server with two workers, beside its other requests: they hold up no token, and no change for long.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { auditRows } from '../support/audit-log.ts'
import { addHookClient, databasePath } from '../support/database.ts'
import { createCaller } from '../support/http.ts'
import { type Place, seededPlace, startServer } from '../support/processes.ts'
import type { ClientCredentials } from '../support/records.ts'

const WORKERS = 2
/** Dry runs at a time: each process makes one, so the server refuses the last. */
const TOO_MANY = WORKERS + 1

type Problem = { code?: string; answer?: unknown; effects?: Record<string, unknown> }

let place: Place
let client: ClientCredentials
let token = ''
beforeAll(async () => {
  place = await seededPlace({ LATCHKEY_WORKERS: String(WORKERS) })
  await startServer(place)
  client = await addHookClient(place)
  const text = readFileSync(join(place.directory, 'keys', 'admin.json'), 'utf8')
  const { client_id: id, client_secret: secret } = JSON.parse(text) as Record<string, string>
  const admin = { id: id ?? '', secret: secret ?? '' }
  token = await createCaller(place.url).issue(admin, { audience: 'latchkey' })
})

const post = async (path: string, body: unknown, signal?: AbortSignal) => {
  const response = await fetch(`${place.url}/admin/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  })
  const problem = (await response.json()) as Problem
  return { status: response.status, retryAfter: response.headers.get('retry-after'), problem }
}

/** Rehearses the end of every token of the client. */
const rehearse = (signal?: AbortSignal) =>
  post('/dry-runs', { action: 'client.disable', parameters: { client_id: client.id } }, signal)

/** Holds the write lock, as another process does. */
const lock = () => {
  const other = new BetterSqlite3(databasePath(place), { timeout: 5_000 })
  other.exec('begin immediate')
  return () => {
    other.exec('rollback')
    other.close()
  }
}

const until = async (isDone: () => Promise<boolean>): Promise<void> => {
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 50))
}

describe('dry runs of a server', () => {
  it('tell the effects, and change nothing', async () => {
    const before = auditRows(place).length
    const { status, problem } = await rehearse()
    expect(status, JSON.stringify(problem)).toBe(200)
    expect(problem.answer).toMatchObject({ client_id: client.id, status: 'disabled' })
    expect(problem.effects).toMatchObject({ clients: 1, secrets: 0, enrollments: 0, keys: 0 })
    expect(auditRows(place)).toHaveLength(before)
    expect((await createCaller(place.url).requestToken(client)).status).toBe(200)
  })

  it('that wait for the lock hold up no token, end with their requests, and refuse more', async () => {
    const call = createCaller(place.url)
    const unlock = lock()
    const ending = new AbortController()
    const waiting = Array.from({ length: TOO_MANY }, () => rehearse(ending.signal))
    const settled = Promise.allSettled(waiting)
    const refused = await Promise.any(waiting)
    expect(refused).toMatchObject({ status: 429, problem: { code: 'dry_runs_exceeded' } })
    expect(Number(refused.retryAfter)).toBeGreaterThan(0)
    const times: number[] = []
    for (let i = 0; i < 20; i++) {
      const since = performance.now()
      expect((await call.requestToken(client)).status).toBe(200)
      times.push(performance.now() - since)
    }
    // A token costs some milliseconds. A request that waited for the lock would take 5 seconds.
    expect(Math.max(...times)).toBeLessThan(2_000)
    ending.abort()
    unlock()
    expect((await settled).filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
    // The workers are free again once they have noticed the end of the connections.
    await until(async () => (await rehearse()).status === 200)
  })

  it('lets revocations and other changes through', async () => {
    const call = createCaller(place.url)
    let isOver = false
    const statuses: number[] = []
    const rehearsing = (async () => {
      while (!isOver) statuses.push((await rehearse()).status)
    })()
    for (let i = 0; i < 10; i++) {
      const issued = await call.issue(client)
      expect((await call.revoke(client, issued)).status).toBe(200)
      expect((await post('/plugins', { id: `p${i}` })).status).toBe(201)
      expect(await call.introspect(client, issued)).toContain('"active":false')
    }
    isOver = true
    await rehearsing
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(auditRows(place).filter(({ action }) => action === 'client.disable')).toEqual([])
  })
})

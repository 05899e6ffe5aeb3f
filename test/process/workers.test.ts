// LATCHKEY_WORKERS: several processes on one port work and end as one server.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { addHookClient } from '../support/database.ts'
import { INACTIVE, createCaller, send } from '../support/http.ts'
import {
  type Place,
  type ServerProcess,
  seededPlace,
  startServer,
  until,
} from '../support/processes.ts'
import { refusesConnections } from '../support/raw-http.ts'

const WORKERS = 2
const TOKENS = 10
/** Number of requests, each on its own connection, with which every worker gets a share. */
const ASKED = 3 * WORKERS

let place: Place
beforeAll(async () => {
  place = await seededPlace({ LATCHKEY_WORKERS: String(WORKERS) })
})

const workersOf = async (server: ServerProcess, times = WORKERS): Promise<number[]> =>
  (await server.logged('listening', times)).map((line) => Number(line['pid']))

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const tokensIssued = async ({ url }: Place): Promise<number> => {
  const { status, text } = await send(`${url}/metrics`)
  expect(status).toBe(200)
  return Number(/^latchkey_tokens_issued_total\{audience="hook"\} (\d+)$/m.exec(text)?.[1])
}

it('workers share keys, revocations and counters, replace one that dies, and end together', async () => {
  const server = await startServer(place)
  const call = createCaller(place.url)
  const client = await addHookClient(place)
  const tokens = await Promise.all(Array.from({ length: TOKENS }, () => call.issue(client)))
  const counted = await Promise.all(Array.from({ length: ASKED }, () => tokensIssued(place)))
  expect(counted).toEqual(Array<number>(ASKED).fill(TOKENS))

  const [revoked = ''] = tokens
  expect((await call.revoke(client, revoked)).status).toBe(200)
  for (let i = 0; i < ASKED; i++) {
    expect(await call.introspect(client, revoked)).toBe(INACTIVE)
    expect(await call.introspect(client, String(tokens[1]))).toContain('"active":true')
    expect(await call.kids()).toHaveLength(2)
  }

  const [first = 0] = await workersOf(server)
  process.kill(first, 'SIGKILL')
  expect(await server.logged('a worker ended and is replaced')).toMatchObject([
    { pid: first, signal: 'SIGKILL' },
  ])
  const workers = (await workersOf(server, WORKERS + 1)).slice(1)
  for (let i = 0; i < ASKED; i++) {
    expect(await call.introspect(client, await call.issue(client))).toContain('"active":true')
  }

  const output = await server.stop()
  expect(output).toMatchObject({ code: 0, signal: null, stderr: '' })
  expect(workers.filter(isAlive)).toEqual([])
  expect(server.log().filter(({ msg }) => msg === 'stopped')).toHaveLength(WORKERS)
  expect(await refusesConnections(place)).toBe(true)
  expect(readdirSync(join(place.directory, 'data'))).toEqual(['latchkey.db', 'ledger.db'])
})

it('workers end with their primary process', async () => {
  const server = await startServer(place)
  const workers = await workersOf(server)
  expect(workers.filter(isAlive)).toHaveLength(WORKERS)
  server.signal('SIGKILL')
  await until('the end of the workers', () => !workers.some(isAlive))
  expect(await refusesConnections(place)).toBe(true)
})

it('worker that dies while it collects metrics does not affect the others', async () => {
  const server = await startServer(place)
  const [silent = 0, dying = 0] = await workersOf(server)
  const ask = (path: string) =>
    Promise.any(Array.from({ length: ASKED }, () => send(`${place.url}${path}`)))
  process.kill(silent, 'SIGSTOP')
  onTestFinished(() => void (isAlive(silent) && process.kill(silent, 'SIGCONT')))
  const unanswered = ask('/metrics').catch(() => null)
  await ask('/healthz') // the other worker has the question by then, too
  process.kill(dying, 'SIGKILL')
  await server.logged('listening', WORKERS + 1)
  // The replacement asks later, so this answer comes after the deadline of the dead worker's
  // question.
  expect((await ask('/metrics')).status).toBe(500)
  process.kill(silent, 'SIGCONT')
  expect((await ask('/metrics')).status).toBe(200)
  await unanswered
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
})

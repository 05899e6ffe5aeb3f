// Bounds of the writes by clients and by administrators who are bound to a workspace: per client
// and per workspace, independent of the quota.
import { describe, expect, it, test } from 'vitest'
import {
  MAX_CLOSED_RUNS_PER_WORKSPACE,
  MAX_RUN_RULES_PER_WORKSPACE,
  RULE_RETENTION_SECONDS,
  WRITE_BOUNDS,
  WRITE_COSTS,
} from '../../src/constants.ts'
import type { Writes } from '../../src/deps.ts'
import { createWrites } from '../../src/node/quota.ts'
import type { AuthorizationDetail } from '../../src/store/store.ts'
import { expectRefusal } from '../support/answers.ts'
import { live } from '../support/clock.ts'
import type { ClientCredentials } from '../support/records.ts'
import { type TestServer, startServer } from '../support/server.ts'

/** Divisor of the bounds in this file, which keeps the test short. */
const SCALE = 20
const CLIENT = WRITE_BOUNDS.client.perMinute / SCALE
const WORKSPACE = WRITE_BOUNDS.workspace.perMinute / SCALE

const BOTH = ['admin:read', 'admin:write']
const RUNS: AuthorizationDetail = {
  type: 'tool_run',
  identifier: '*',
  project_id: 'p1',
  locations: '*',
  actions: '*',
}

const start = async (writes?: Writes): Promise<TestServer> => {
  const server = await startServer(writes && { writes })
  await server.audience('docs', ['read'])
  await server.workspace('acme')
  return server
}

const scaled = (): Writes => {
  const writes = createWrites()
  return (key, { seconds, limit }, cost) => writes(key, { seconds, limit: limit / SCALE }, cost)
}

const workerOf = (server: TestServer, workspaceId = 'acme') =>
  server.client({ workspaceId, details: [RUNS], grants: { docs: ['read'] } })

let runs = 0
const closeOne = (server: TestServer, by: ClientCredentials) =>
  server.post('/oauth/runs/revoke', { identifier: `run-${runs++}` }, { basic: by })

const administratorOf = async (server: TestServer, workspaceId: string | null) => {
  const client = await server.client({ workspaceId, grants: { latchkey: BOTH, docs: ['read'] } })
  const token = await server.issue(client, { audience: 'latchkey' })
  const send = (method: string, path: string, body: unknown) =>
    server.request(`/admin/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  return { client, send }
}

const json = async (response: Response) => (await response.json()) as Record<string, string>

const enrollment = async (server: TestServer) => {
  const { send } = await administratorOf(server, null)
  const made = await json(await send('POST', '/enrollments', { workspace_id: 'acme' }))
  return made['enrollment_token'] ?? ''
}

const register = (server: TestServer, token: string) =>
  server.request('/oauth/register', {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ client_name: 'machine' }),
  })

/** Each entry makes one write at every call, with the credentials of one client. */
const WRITES: Record<
  string,
  { cost: number; prepare: (server: TestServer) => Promise<() => Promise<Response>> }
> = {
  'closed runs': {
    cost: WRITE_COSTS.closedRun,
    async prepare(server) {
      const client = await workerOf(server)
      return () => closeOne(server, client)
    },
  },
  'revoked tokens': {
    cost: WRITE_COSTS.revokedToken,
    async prepare(server) {
      const client = await workerOf(server)
      return async () => server.revoke(client, await server.issue(client))
    },
  },
  'changes of its own metadata': {
    cost: WRITE_COSTS.registration,
    async prepare(server) {
      const made = await json(await register(server, await enrollment(server)))
      let token = made['registration_access_token']
      return async () => {
        const response = await server.request(`/oauth/register/${made['client_id']}`, {
          method: 'PUT',
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
          body: JSON.stringify({ client_id: made['client_id'], client_name: 'machine' }),
        })
        if (response.ok) token = (await json(response.clone()))['registration_access_token']
        return response
      }
    },
  },
  'enrollments by a bound administrator': {
    cost: WRITE_COSTS.administration,
    async prepare(server) {
      const { send } = await administratorOf(server, 'acme')
      return () => send('POST', '/enrollments', {})
    },
  },
  'refused changes by a bound administrator': {
    cost: WRITE_COSTS.administration,
    async prepare(server) {
      const { send } = await administratorOf(server, 'acme')
      return () => send('POST', '/workspaces', { id: 'mine' })
    },
  },
}

const isLimited = async (response: Response): Promise<boolean> => {
  if (response.status !== 429) return false
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(60)
  expect(await json(response)).toMatchObject({ code: 'writes_exceeded' })
  return true
}

describe.each(Object.entries(WRITES))('writes of one client: %s', (_, { cost, prepare }) => {
  it('are bounded, and refused ones leave no row each', async () => {
    const server = await start(scaled())
    const write = await prepare(server)
    let passed = 0
    while (!(await isLimited(await write()))) passed++
    // The registration before counts for the workspace alone.
    expect(passed).toBe(Math.floor(CLIENT / cost))
    const rows = () => server.query('select count(*) as n from audit_events')[0]?.['n']
    const before = rows()
    for (let i = 0; i < 5; i++) expect(await isLimited(await write())).toBe(true)
    expect(rows()).toBe(before)
    expect(server.events.at(-1)).toMatchObject({ outcome: 'refused', reason: 'writes_exceeded' })
  })
})

test('clients of a workspace share a bound, apart from other workspaces', async () => {
  const server = await start(scaled())
  let passed = 0
  for (let clients = 0; clients < 7; clients++) {
    const client = await workerOf(server)
    while (!(await isLimited(await closeOne(server, client)))) passed++
  }
  expect(passed).toBe(WORKSPACE)
  const other = await workerOf(server, 'default')
  expect((await closeOne(server, other)).status).toBe(200)
})

test('registrations are bounded by workspace, and a refused one leaves the enrollment token valid', async () => {
  const server = await start(scaled())
  const most = Math.floor(WORKSPACE / WRITE_COSTS.registration)
  const tokens = await Promise.all(Array.from({ length: most + 1 }, () => enrollment(server)))
  const last = tokens.pop() ?? ''
  for (const token of tokens) expect((await register(server, token)).status).toBe(201)
  expect(await isLimited(await register(server, last))).toBe(true)
  const all = await server.store.listEnrollments()
  expect(all.filter(({ usedAt }) => usedAt === null)).toHaveLength(1)
})

test('unbound administrator writes without a bound', async () => {
  const server = await start(async () => 60)
  const { send } = await administratorOf(server, null)
  expect((await send('POST', '/workspaces', { id: 'more' })).status).toBe(201)
})

test('write counts by minute and day, for its client and its workspace', async () => {
  const asked: unknown[] = []
  const server = await start(async (...use) => {
    asked.push(use)
    return 0
  })
  const client = await workerOf(server)
  const before = { identifier: 'again' }
  for (let i = 0; i < 3; i++) await server.post('/oauth/runs/revoke', before, { basic: client })
  const windows = (scope: 'client' | 'workspace', id: string) => [
    [`${scope}:${id}`, { seconds: 60, limit: WRITE_BOUNDS[scope].perMinute }, 1],
    [`${scope}:${id}`, { seconds: 86_400, limit: WRITE_BOUNDS[scope].perDay }, 1],
  ]
  // Closing the run again writes nothing.
  expect(asked).toEqual([...windows('client', client.id), ...windows('workspace', 'acme')])
})

test('bounds admit a platform that closes 100,000 runs a day', () => {
  const { client, workspace } = WRITE_BOUNDS
  expect(client.perDay).toBeGreaterThanOrEqual(200_000)
  expect(client.perMinute).toBeGreaterThanOrEqual((10 * 100_000) / (24 * 60))
  expect(workspace.perDay).toBeGreaterThanOrEqual(client.perDay)
  expect(MAX_RUN_RULES_PER_WORKSPACE).toBeGreaterThanOrEqual(200_000)
})

describe('workspace at its limit of rules over runs', () => {
  const HOUR = 3_600
  const full = async (workspaceId: string, count = MAX_RUN_RULES_PER_WORKSPACE) => {
    const server = await start()
    const hour = Math.floor(server.seconds() / HOUR)
    server.sql(`insert into closed_run_counts values ('${workspaceId}', ${hour - 3}, ${count - 1})`)
    return server
  }
  const asking = (identifier: string) => ({
    audience: 'docs',
    authorization_details: JSON.stringify([{ type: 'tool_run', identifier }]),
  })
  const rules = (server: TestServer, kind: string) =>
    server.store.listRevocations({ kind: kind as 'run' })

  it('gets a raised generation with each closed run', async () => {
    const server = await full('acme')
    const [client, same] = [await workerOf(server), await workerOf(server)]
    const foreign = await workerOf(server, 'default')
    const tokens = {
      own: await server.issue(client, asking('one')),
      same: await server.issue(same, asking('two')),
      foreign: await server.issue(foreign, asking('two')),
    }
    const active = async () => ({
      own: (await server.introspect(client, tokens.own))['active'],
      same: (await server.introspect(same, tokens.same))['active'],
      foreign: (await server.introspect(foreign, tokens.foreign))['active'],
    })
    const close = (identifier: string) =>
      server.post('/oauth/runs/revoke', { identifier }, { basic: client })

    expect((await close('one')).status).toBe(200)
    expect(await active()).toEqual({ own: false, same: true, foreign: true })
    expect([
      (await rules(server, 'run')).length,
      (await rules(server, 'workspace')).length,
    ]).toEqual([1, 0])

    expect((await close('two')).status).toBe(200)
    expect(await active()).toEqual({ own: false, same: false, foreign: true })
    expect(await rules(server, 'run')).toHaveLength(1)
    expect(await rules(server, 'workspace')).toMatchObject([{ gen: 2 }])
    await expectRefusal(await server.requestToken(asking('two'), { basic: same }), [
      ...([400, 'invalid_authorization_details', 'run_closed'] as const),
    ])
    // Tokens of the new generation are valid, and closing the run again changes nothing.
    const next = await server.issue(same, asking('three'))
    expect((await close('two')).status).toBe(200)
    expect((await server.introspect(same, next))['active']).toBe(true)
    expect(await rules(server, 'workspace')).toMatchObject([{ gen: 2 }])

    // Each further run raises it again, while the rules live.
    expect((await close('three')).status).toBe(200)
    expect((await server.introspect(same, next))['active']).toBe(false)
    expect(await rules(server, 'workspace')).toMatchObject([{ gen: 3 }])
    server.advance(RULE_RETENTION_SECONDS + 2 * HOUR)
    await live(server.store, server.seconds())
    await server.store.pruneRevocations(server.seconds())
    expect((await close('four')).status).toBe(200)
    expect(await rules(server, 'workspace')).toEqual([])
    expect(await rules(server, 'run')).toHaveLength(1)
    expect((await server.store.findWorkspace('acme'))?.generation).toBe(3)
  })

  it("limits clients outside every workspace too: the client's own generation is raised", async () => {
    const server = await full('', MAX_RUN_RULES_PER_WORKSPACE + 1)
    const client = await server.client({
      workspaceId: null,
      details: [RUNS],
      grants: { docs: ['read'], latchkey: ['admin:read'] },
    })
    const other = await workerOf(server)
    const [own, foreign] = [
      await server.issue(client, asking('one')),
      await server.issue(other, asking('one')),
    ]
    const identifier = { identifier: 'one' }
    expect((await server.post('/oauth/runs/revoke', identifier, { basic: client })).status).toBe(
      200,
    )
    expect((await server.introspect(client, own))['active']).toBe(false)
    expect((await server.introspect(other, foreign))['active']).toBe(true)
    expect(await rules(server, 'run')).toEqual([])
    expect(await rules(server, 'client')).toMatchObject([{ value: client.id, gen: 2 }])
  })

  it('closes no more than MAX_CLOSED_RUNS_PER_WORKSPACE runs', async () => {
    const server = await start()
    const client = await workerOf(server)
    const close = (identifier: string) =>
      server.post('/oauth/runs/revoke', { identifier }, { basic: client })
    await close('one')
    server.sql(
      `update closed_run_counts set count = ${MAX_CLOSED_RUNS_PER_WORKSPACE} where hour = 0`,
    )
    await expectRefusal(await close('two'), [409, 'invalid_request', 'too_many_runs'])
    expect((await close('one')).status).toBe(200)
    const { send } = await administratorOf(server, 'acme')
    const refused = await send('POST', '/runs/two/revoke', {})
    expect([refused.status, (await json(refused))['code']]).toEqual([409, 'too_many_runs'])
    expect(await server.store.listClosedRuns({ workspaceId: 'acme' })).toHaveLength(1)
  })
})

describe('quota that is changed within a minute', () => {
  it('keeps its count after an increase and a decrease', async () => {
    const server = await start()
    const client = await server.client({ quotaPerMinute: 20, grants: { docs: ['read'] } })
    const pass = async (times: number) => {
      let passed = 0
      for (let i = 0; i < times; i++) {
        if ((await server.requestToken({}, { basic: client })).status === 200) passed++
      }
      return passed
    }
    const set = async (quotaPerMinute: number | null) => {
      const before = await server.store.findClient(client.id)
      if (before) await server.store.updateClient(before, { quotaPerMinute }, server.seconds())
    }
    expect(await pass(15)).toBe(15)
    await set(6)
    expect(await pass(3)).toBe(0)
    await set(20)
    expect(await pass(5)).toBe(2) // 18 were counted
    await set(1_000_000)
    expect(await pass(1)).toBe(1)
    await set(24)
    expect(await pass(1)).toBe(0)
  })
})

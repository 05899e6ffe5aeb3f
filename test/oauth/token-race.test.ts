// Races of a token request with a change by another process, after each of its statements: the
// token either lacks what was removed or is revoked.
import type BetterSqlite3 from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import type { AuthorizationDetail, Store } from '../../src/store/store.ts'
import { connectionsOf, interleave } from '../support/interleaving.ts'
import { decode } from '../support/jwt.ts'
import { type ClientCredentials, createRecords } from '../support/records.ts'
import { type TestServer, startServer } from '../support/server.ts'

/** Upper bound for the statements of a token request. */
const MOST_STATEMENTS = 30

/** A client with a workspace, a plugin, a resource and a run of the same name. */
type Victim = { id: string; client: ClientCredentials }
type Claims = Record<string, unknown>

type Case = {
  title: string
  /**
   * Reads the state from which the change is decided. @returns the change, committed before its
   * first `await`
   */
  decide: (store: Store, victim: Victim) => Promise<() => Promise<unknown>>
  /** Tells whether a token with these claims still has what was removed. */
  has: (claims: Claims) => boolean
}

const existing = async <T>(row: Promise<T | null>): Promise<T> => {
  const found = await row
  if (found === null) throw new Error('there is no such row')
  return found
}

const now = (): number => server.seconds()

const fromClient =
  (change: Parameters<Store['updateClient']>[1]): Case['decide'] =>
  async (store, { client }) => {
    const before = await existing(store.findClient(client.id))
    return () => store.updateClient(before, change, now())
  }

const fromPlugin =
  (change: Parameters<Store['updatePlugin']>[1]): Case['decide'] =>
  async (store, { id }) => {
    const before = await existing(store.findPlugin(id))
    return () => store.updatePlugin(before, change, now())
  }

const hasScope =
  (name: string) =>
  ({ scope }: Claims): boolean =>
    String(scope).split(' ').includes(name)

const any = (): boolean => true

const CASES: Case[] = [
  {
    title: 'a permission',
    decide: fromClient({ grants: [{ audience: 'api', permissions: ['read'] }] }),
    has: hasScope('write'),
  },
  { title: 'an audience', decide: fromClient({ grants: [] }), has: any },
  {
    title: 'an implied permission',
    async decide(store) {
      const before = await existing(store.findAudience('api'))
      const permissions = before.permissions.map(({ name }) => ({ name, implies: [] }))
      return () => store.updateAudience(before, { permissions }, now())
    },
    has: hasScope('implied'),
  },
  { title: 'a plugin', decide: fromClient({ plugins: [] }), has: any },
  {
    title: 'a capability',
    decide: fromPlugin({ capabilities: [] }),
    has: ({ plugin_capabilities }) => (plugin_capabilities as string[]).length > 0,
  },
  {
    title: 'trust',
    decide: fromPlugin({ trust: 'restricted' }),
    has: ({ plugin_trust }) => plugin_trust !== 'restricted',
  },
  { title: 'the status of the plugin', decide: fromPlugin({ status: 'disabled' }), has: any },
  {
    title: 'the plugin',
    async decide(store, { id }) {
      const before = await existing(store.findPlugin(id))
      return () => store.deletePlugin(before, now())
    },
    has: any,
  },
  { title: 'granted details', decide: fromClient({ details: [] }), has: any },
  { title: 'the status', decide: fromClient({ status: 'disabled' }), has: any },
  {
    title: 'the client',
    async decide(store, { client }) {
      const before = await existing(store.findClient(client.id))
      return () => store.deleteClient(before, now())
    },
    has: any,
  },
  {
    title: 'the workspace',
    async decide(store, { id }) {
      const before = await existing(store.findWorkspace(id))
      return () => store.updateWorkspace(before, { status: 'suspended' }, now())
    },
    has: any,
  },
  {
    title: 'a part of a resource',
    async decide(store, { id }) {
      const before = await existing(store.findResource('playlist', id))
      return () => store.updateResource(before, [], now())
    },
    has: ({ authorization_details: details }) =>
      (details as AuthorizationDetail[]).some(
        ({ parts }) => Array.isArray(parts) && parts.length > 0,
      ),
  },
  {
    title: 'a resource',
    async decide(store, { id }) {
      const before = await existing(store.findResource('playlist', id))
      return () => store.deleteResource(before, now())
    },
    has: any,
  },
  {
    title: 'a run',
    decide:
      async (store, { id }) =>
      () =>
        store.closeRun({ workspaceId: id, identifier: id }, now()),
    has: any,
  },
]

let server: TestServer
let connections: ReadonlySet<BetterSqlite3.Database>
let other: Store
let judge: ClientCredentials

beforeAll(async () => {
  const [started, found] = await connectionsOf(() => startServer())
  server = started
  connections = found
  other = openBetterSqlite3Store(server.path)
  await server.audience('api', ['write>implied', 'read', 'implied'])
  await server.workspace('judges')
  judge = await server.client({ workspaceId: 'judges', introspects: ['api'] })
})
afterAll(() => other.close())

let made = 0
const newVictim = async (): Promise<Victim> => {
  const id = `v${++made}`
  const records = createRecords(other, now)
  await records.workspace(id)
  await records.plugin(id, { trust: 'trusted', capabilities: ['connector:chat'] })
  await records.resource('playlist', id, id, ['intro'])
  const run = { type: 'tool_run', identifier: '*', project_id: 'p', locations: '*', actions: '*' }
  const playlist = { type: 'playlist', identifier: id, actions: '*', parts: ['intro'] }
  const client = await records.client({
    workspaceId: id,
    plugins: [id],
    details: [run, playlist],
    grants: { api: ['write', 'read'] },
  })
  return { id, client }
}

/** Restores the implied permissions, which a test removes for good, for the next request. */
const restore = async (): Promise<void> => {
  const before = await existing(other.findAudience('api'))
  const permissions = before.permissions.map(({ name }) => ({
    name,
    implies: name === 'write' ? ['implied'] : [],
  }))
  await other.updateAudience(before, { permissions }, now())
}

/** @returns the token, if one was issued, and whether the request had as many statements */
const requestDuring = async (
  { id, client }: Victim,
  { at, take }: { at: number; take: () => Promise<unknown> },
) => {
  let statements = 0
  const stop = interleave(connections, async () => {
    statements += 1
    if (statements === at) await take()
  })
  const details = [{ type: 'tool_run', identifier: id }, { type: 'playlist' }]
  const form = { plugin_id: id, authorization_details: JSON.stringify(details) }
  const response = await server.requestToken(form, { basic: client })
  await stop()
  const { access_token: token } = (await response.json()) as { access_token?: string }
  return { token, reached: statements >= at }
}

it.each(CASES)(
  'token request never exceeds its client when another process removes $title during it',
  async ({ decide, has }) => {
    let requests = 0
    for (let at = 1; at <= MOST_STATEMENTS; at++) {
      await restore()
      const victim = await newVictim()
      const take = await decide(other, victim)
      const { token, reached } = await requestDuring(victim, { at, take })
      if (!reached) break
      requests += 1
      if (token === undefined) continue
      const { active } = await server.introspect(judge, token)
      expect({ at, overPrivileged: active === true && has(decode(token).claims) }).toEqual({
        at,
        overPrivileged: false,
      })
    }
    expect(requests).toBeGreaterThan(4)
    expect(requests).toBeLessThan(MOST_STATEMENTS)
  },
)

it('token request without a concurrent change gets the whole grant', async () => {
  await restore()
  const victim = await newVictim()
  const { token } = await requestDuring(victim, { at: 0, take: async () => {} })
  expect(await server.introspect(judge, token ?? '')).toMatchObject({
    active: true,
    scope: 'write implied read',
    plugin_trust: 'trusted',
    plugin_capabilities: ['connector:chat'],
    authorization_details: [
      { type: 'tool_run', identifier: victim.id },
      { type: 'playlist', identifier: victim.id, parts: ['intro'] },
    ],
  })
})

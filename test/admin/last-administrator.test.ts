// Last unbound administrator that can log in: no route removes it.
import { describe, expect, it, test } from 'vitest'
import {
  type AdminApi,
  BOTH,
  type Caller,
  expectProblem,
  startAdminApi,
} from '../support/admin-api.ts'
import type { ClientCredentials } from '../support/records.ts'

type Request = readonly [method: string, path: string, body?: object]

/** Starts a server with one permanent administrator, and one whose secret expires. */
const start = async () => {
  const api = await startAdminApi()
  const client = await api.server.client({
    workspaceId: null,
    grants: { latchkey: BOTH },
    secretExpiresAt: api.server.seconds() + 1_000_000,
  })
  const temporary: Caller = { client, form: { audience: 'latchkey' } }
  return { api, temporary }
}

const send = (api: AdminApi, caller: Caller, [method, path, body]: Request) =>
  api.call(caller, method, path, body, { 'If-Match': '*' })

const secretPath = async ({ server }: AdminApi, { id }: ClientCredentials): Promise<string> => {
  const [secret] = await server.store.listSecrets(id, server.seconds())
  return `/clients/${id}/secrets/${secret?.id}`
}

const permission = (name: string) => ({ name, implies: [] })

const REMOVALS: readonly [
  name: string,
  request: (api: AdminApi, client: ClientCredentials) => Request | Promise<Request>,
][] = [
  ['disabling it', (_, { id }) => ['POST', `/clients/${id}/disable`]],
  ['deleting it', (_, { id }) => ['DELETE', `/clients/${id}`]],
  ['removing its grants', (_, { id }) => ['PATCH', `/clients/${id}`, { grants: [] }]],
  [
    'leaving it admin:read only',
    (_, { id }) => [
      'PATCH',
      `/clients/${id}`,
      { grants: [{ audience: 'latchkey', permissions: ['admin:read'] }] },
    ],
  ],
  ['revoking its secret', async (api, client) => ['DELETE', await secretPath(api, client)]],
  [
    'a secret that expires',
    (_, { id }) => ['POST', `/clients/${id}/secrets`, { expires_in: 3600 }],
  ],
  [
    'a new secret, and the others expire at once',
    (_, { id }) => [
      'POST',
      `/clients/${id}/secrets`,
      { expires_in: 315_360_000, previous_expires_in: 0 },
    ],
  ],
  [
    'a secret that expires, and the others much later',
    (_, { id }) => [
      'POST',
      `/clients/${id}/secrets`,
      { expires_in: 3600, previous_expires_in: 7_776_000 },
    ],
  ],
]

const AUDIENCE: readonly [name: string, body: object][] = [
  ['a required plugin', { requires_plugin: true }],
  ['no permissions', { permissions: [] }],
  ['no admin:write', { permissions: [permission('admin:read')] }],
  ['no admin:read', { permissions: [permission('admin:write')] }],
]

describe('last administrator', async () => {
  const { api, temporary } = await start()
  const last = api.callers.unbound

  const refuse = async (caller: Caller, request: Request): Promise<void> => {
    api.server.events.length = 0
    const answer = await api.unchangedBy(() => send(api, caller, request))
    expectProblem(answer, 409, 'last_administrator')
    expect(api.server.events).toMatchObject([{ outcome: 'refused', reason: 'last_administrator' }])
    expect((await api.call(last, 'GET', '/clients')).status).toBe(200)
  }

  it.each(REMOVALS)('is not removed by itself: %s', async (_, request) => {
    await refuse(last, await request(api, last.client))
  })

  it.each(REMOVALS)(
    'is not removed by an administrator whose secret expires: %s',
    async (_, request) => {
      await refuse(temporary, await request(api, last.client))
    },
  )

  it.each(AUDIENCE)('is not locked out by a change of its audience: %s', async (_, body) => {
    await refuse(last, ['PATCH', '/audiences/latchkey', body])
  })

  it('does not count administrators who have no secret, are disabled or bound', async () => {
    const grants = { latchkey: BOTH }
    const expired = await api.server.client({ workspaceId: null, grants, secretExpiresAt: 1 })
    const sleeping = await api.server.client({ workspaceId: null, grants })
    await api.server.setStatus(sleeping.id, 'disabled')
    await api.server.client({ workspaceId: 'acme', grants })
    await refuse(last, ['POST', `/clients/${last.client.id}/disable`])
    expect((await send(api, last, ['DELETE', `/clients/${expired.id}`])).status).toBe(200)
  })

  it('may be renamed, get a secret, and have its tokens revoked', async () => {
    const path = `/clients/${last.client.id}`
    for (const request of [
      ['PATCH', path, { name: 'last' }],
      ['POST', `${path}/revoke-tokens`],
      ['POST', `${path}/secrets`, { previous_expires_in: 60 }],
    ] as const) {
      const answer = await send(api, last, request)
      expect(answer.status, answer.text).toBeLessThan(300)
    }
  })
})

describe('removal of the last two administrators', () => {
  test.each(REMOVALS)('succeeds once: %s', async (_, request) => {
    const { api, temporary } = await start()
    const { server } = api
    const second = await server.client({ workspaceId: null, grants: { latchkey: BOTH } })
    const both = [api.callers.unbound.client, second]
    const requests = await Promise.all(both.map(async (client) => await request(api, client)))
    api.readTogether('findClient', 2)
    const answers = await Promise.all(requests.map((one) => send(api, temporary, one)))
    const [done, refused] = answers.toSorted((a, b) => a.status - b.status)
    expect(done?.status, done?.text).toBeLessThan(300)
    if (refused) expectProblem(refused, 409, 'last_administrator')
    server.advance(8_000_000)
    const logins = both.map((client) =>
      server.requestToken({ audience: 'latchkey', scope: 'admin:write' }, { basic: client }),
    )
    const statuses = (await Promise.all(logins)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
  })

  it('succeeds once when each removes the other', async () => {
    const { api } = await start()
    const client = await api.server.client({ workspaceId: null, grants: { latchkey: BOTH } })
    const second: Caller = { client, form: { audience: 'latchkey' } }
    const first = api.callers.unbound
    api.readTogether('findClient', 2)
    const answers = await Promise.all([
      send(api, first, ['POST', `/clients/${second.client.id}/disable`]),
      send(api, second, ['POST', `/clients/${first.client.id}/disable`]),
    ])
    const [done, refused] = answers.toSorted((a, b) => a.status - b.status)
    expect(done?.status).toBe(200)
    if (refused) expectProblem(refused, 409, 'last_administrator')
  })
})

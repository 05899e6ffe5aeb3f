// Dry runs over HTTP: an administrator learns nothing that it may not read, gets no credential, and changes nothing. The
// table in `table.test.ts` has the authority of each operation.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CHANGES } from '../../src/admin/api/nouns.ts'
import { ENDPOINTS } from '../../src/admin/api/table.ts'
import { type AdminApi, badFields, expectProblem, startAdminApi } from '../support/admin-api.ts'

let api: AdminApi
let clientId: string
beforeAll(async () => {
  api = await startAdminApi()
  const grants = { docs: ['read'] }
  const client = await api.server.client({ workspaceId: 'acme', ledger: true, grants })
  await api.server.issue(client)
  clientId = client.id
})
beforeEach(() => {
  api.server.events.length = 0
})

type Order = { action?: unknown; parameters?: unknown; body?: unknown; if_match?: unknown }

/** Rehearses as a caller, and checks that no table but the audit changes. */
const rehearse = (order: Order, who: keyof AdminApi['callers'] = 'unbound') =>
  api.unchangedBy(() => api.call(api.callers[who], 'POST', '/dry-runs', order))

const ofClient = (action: string, more: Order = {}): Order => ({
  action,
  parameters: { client_id: clientId },
  ...more,
})

const NOTHING = { clients: 0, secrets: 0, enrollments: 0, keys: 0, live_tokens: 0 }

describe('dry run over HTTP', () => {
  it('has the answer and the effects of the change, without its Location and ETag', async () => {
    const { status, headers, body } = await rehearse(ofClient('client.delete'))
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        answer: { client_id: clientId, status: 'deleted' },
        effects: { ...NOTHING, clients: 1, secrets: 1, live_tokens: 1 },
      },
    })
    expect([headers.get('location'), headers.get('etag')]).toEqual([null, null])
    expect(api.server.events).toEqual([])
  })

  it('counts tokens of the ledger that the server has issued a moment ago', async () => {
    const client = await api.server.client({ ledger: true, grants: { docs: ['read'] } })
    for (let i = 0; i < 3; i++) await api.server.issue(client)
    const order = { action: 'client.revoke_tokens', parameters: { client_id: client.id } }
    expect((await rehearse(order)).body['effects']).toMatchObject({ clients: 1, live_tokens: 3 })
  })

  it.each<Order>([
    { action: 'client.create', body: { name: 'a' } },
    { action: 'enrollment.create', body: { name: 'a' } },
  ])('gives no credential ($action)', async (order) => {
    const { status, text } = await rehearse(order)
    expect(status, text).toBe(200)
    expect(text).toContain('"dry-run"')
    expect(text).not.toMatch(/lk[sre]_/)
  })

  it('server gives no secret that is added in a dry run, and adds none', async () => {
    const { text, body } = await rehearse(ofClient('secret.add'))
    expect(body['answer']).toMatchObject({ client_id: clientId, client_secret: 'dry-run' })
    expect(text).not.toMatch(/lk[sre]_/)
    expect(await api.readAll(api.callers.unbound, `/clients/${clientId}/secrets`)).toHaveLength(1)
  })

  it('refuses another state of the row than if_match names, with a row of the audit', async () => {
    const { etag } = await api.read(`/clients/${clientId}`)
    const stale = ofClient('client.delete', { if_match: 'stale' })
    expectProblem(await rehearse(stale), 412, 'conflict')
    const row = { action: 'client.delete', target: clientId, outcome: 'refused' }
    expect(api.server.events).toMatchObject([{ ...row, reason: 'conflict' }])
    expect((await rehearse({ ...stale, if_match: etag })).status).toBe(200)
  })

  const named = { client_id: 'lkc_any' }

  it.each<[string, Order, string]>([
    ['no action', {}, 'action'],
    ['an unknown action', { action: 'client.explode' }, 'action'],
    ['an action that reads', { action: 'client.show', parameters: named }, 'action'],
    ['a POST that reads', { action: 'token.inspect', body: { token: 'x' } }, 'action'],
    ['itself', { action: 'change.rehearse', body: { action: 'key.rotate' } }, 'action'],
    ['a missing parameter', { action: 'client.delete' }, 'parameters.client_id'],
    [
      'an empty parameter',
      { action: 'client.delete', parameters: { client_id: '' } },
      'parameters.client_id',
    ],
    [
      'a parameter of another path',
      { action: 'key.rotate', parameters: named },
      'parameters.client_id',
    ],
    [
      'a body where the change has none',
      { action: 'client.delete', parameters: named, body: { a: 1 } },
      'body.a',
    ],
    ['a member beside them', { action: 'client.delete', dry_run: false } as Order, 'dry_run'],
  ])('refuses %s', async (_, order, field) => {
    const answer = await rehearse(order)
    expectProblem(answer, 422, 'invalid_value')
    expect(badFields(answer)).toEqual([field])
    expect(api.server.events).toMatchObject([{ action: 'change.rehearse', outcome: 'refused' }])
  })

  it('exists for every other endpoint that changes something', () => {
    const changing = ENDPOINTS.filter(
      ({ method, isRead, path }) => method !== 'get' && isRead !== true && path !== '/dry-runs',
    )
    expect(CHANGES.map(({ action }) => action)).toEqual(changing.map(({ action }) => action))
    // An order has no member for the query.
    expect(changing.filter(({ query }) => query !== undefined)).toEqual([])
  })
})

describe('dry run of a bound administrator', () => {
  it('counts no row of another workspace', async () => {
    const { server } = api
    const made = { name: 'a', plugins: [], grants: [], details: [], unusedAfter: null }
    const expiresAt = server.seconds() + 60
    for (const workspaceId of ['acme', 'globex']) {
      const ids = { id: workspaceId, hash: workspaceId, workspaceId, expiresAt }
      const maker = { createdBy: clientId, createdByGeneration: 1 }
      await server.store.createEnrollment({ ...made, ...ids, ...maker }, server.seconds())
    }
    const effects = async (who: 'bound' | 'unbound') =>
      (await rehearse(ofClient('client.disable'), who)).body['effects']
    expect(await effects('unbound')).toMatchObject({ clients: 1, enrollments: 2 })
    expect(await effects('bound')).toMatchObject({ clients: 1, enrollments: 1 })
  })

  it('answers for a row of another workspace as for one that does not exist', async () => {
    const other = await api.server.client({ workspaceId: 'globex' })
    const outcomes = []
    for (const id of [other.id, 'lkc_AAAAAAAAAAAAAAAAAAAAAA']) {
      const order = { action: 'client.delete', parameters: { client_id: id } }
      const { status, body } = await rehearse(order, 'bound')
      outcomes.push({ status, detail: String(body['detail']).replace(id, 'ID') })
    }
    expect(outcomes[0]).toEqual(outcomes[1])
    expect(outcomes[0]).toMatchObject({ status: 404 })
  })

  it('spends its budget of writes', async () => {
    const { server, callers } = await startAdminApi()
    const token = await server.issue(callers.bound.client, callers.bound.form)
    const spent: number[] = []
    Object.assign(server.deps, {
      writes: async (key: string, _: unknown, cost: number) => {
        if (key !== 'dry-runs') spent.push(cost)
        return 0
      },
    })
    const sent = { action: 'workspace.suspend', parameters: { id: 'acme' } }
    const response = await server.request('/admin/v1/dry-runs', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(sent),
    })
    expect(response.status).toBe(403)
    expect(spent.length).toBeGreaterThan(0)
  })
})

describe('server without dry runs', () => {
  it('refuses them with no_dry_run, and changes nothing', async () => {
    const { server, callers } = await startAdminApi()
    Object.assign(server.deps, { rehearse: null })
    const token = await server.issue(callers.unbound.client, callers.unbound.form)
    const before = server.state()
    const response = await server.request('/admin/v1/dry-runs', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ action: 'key.revoke_all' }),
    })
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ code: 'no_dry_run' })
    expect(server.state()).toBe(before)
  })
})

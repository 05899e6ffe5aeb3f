// Causes of revocation rules: each rule records the audit event of the change that wrote it.
import { describe, expect, it, test } from 'vitest'
import { SHELL } from '../../src/admin/authority.ts'
import { markRestored } from '../../src/admin/backups.ts'
import { hashSecret } from '../../src/secret.ts'
import { createUpkeep } from '../../src/upkeep/upkeep.ts'
import { startAdminApi } from '../support/admin-api.ts'
import { goodRequest, makeThings } from '../support/admin-requests.ts'
import { decode } from '../support/jwt.ts'
import { basic, startServer } from '../support/server.ts'

const api = await startAdminApi()
const { server, callers } = api
const actor = `client:${callers.unbound.client.id}`

/** Runs a change. @returns the rules that it wrote */
const rulesOf = async (change: () => Promise<unknown>, { store } = server) => {
  const { seq } = await store.findRevocationHead()
  await change()
  return await store.listRevocations({}, { after: seq })
}

const writes = api.operations.filter(({ scope }) => scope === 'admin:write').map(({ id }) => id)

/** Operations whose valid request writes a rule. */
const REVOKING = [
  'workspaceSuspend',
  'pluginRevokeTokens',
  'pluginDisable',
  'pluginDelete',
  'clientUpdate',
  'clientDelete',
  'clientDisable',
  'clientRevokeTokens',
  'runRevoke',
  'tokenRevoke',
  'keyRevoke',
  'keyRevokeAll',
]

test.each(writes)('rules of %s name the administrator and the operation', async (id) => {
  await server.setWorkspaceStatus('acme', 'active')
  const { path, body } = goodRequest(id, await makeThings(api))
  const operation = api.operations.find((one) => one.id === id)
  const needsEtag = operation !== undefined && ['PUT', 'PATCH', 'DELETE'].includes(operation.method)
  const headers = needsEtag ? await api.ifMatch(path) : {}
  let requestId: string | null = null
  const rules = await rulesOf(async () => {
    const answer = await api.call(
      callers.unbound,
      operation?.method ?? '',
      path,
      body ?? {},
      headers,
    )
    expect(answer.status, answer.text).toBeLessThan(300)
    requestId = answer.headers.get('x-request-id')
  })
  const [outcome] = server.events.slice(-1)
  for (const rule of rules) {
    expect(rule).toMatchObject({ createdBy: actor, action: outcome?.action, requestId })
  }
  if (REVOKING.includes(id)) expect(rules.length).toBeGreaterThan(0)
})

const PLAYLIST = { type: 'playlist', identifier: 'evening', actions: '*', parts: ['a', 'b'] }

/** A client that loses something by a change of what its grants name. */
const holder = async () => {
  await server.plugin('p-trusted', { trust: 'trusted' })
  await server.audience('files', ['read', 'write'])
  await server.resource('playlist', 'evening', 'acme', ['a', 'b'])
  return await server.client({
    workspaceId: 'acme',
    grants: { files: ['read', 'write'] },
    plugins: ['p-trusted'],
    details: [PLAYLIST] as never,
  })
}

test('rules of changes to what clients are granted name the operation', async () => {
  const { id } = await holder()
  const changes = [
    ['plugin.update', 'PATCH', '/plugins/p-trusted', { trust: 'restricted' }],
    ['audience.update', 'PATCH', '/audiences/files', { permissions: [{ name: 'read' }] }],
    ['resource.update', 'PUT', '/resources/playlist/evening', { parts: ['a'] }],
    ['client.details', 'PUT', `/clients/${id}/authorization-details`, {}],
    ['resource.delete', 'DELETE', '/resources/playlist/evening', undefined],
  ] as const
  for (const [action, method, path, body] of changes) {
    const details = [{ ...PLAYLIST, parts: [] }]
    const sent = action === 'client.details' ? { authorization_details: details } : body
    const rules = await rulesOf(async () => {
      const answer = await api.change(callers.unbound, method, path, sent)
      expect(answer.status, answer.text).toBe(200)
    })
    expect(rules, action).toMatchObject([{ createdBy: actor, action }])
  }
})

describe('rules of what a client does', () => {
  const form = (path: string, who: { id: string; secret: string }, body: Record<string, string>) =>
    server.request(path, {
      method: 'POST',
      headers: { Authorization: basic(who), 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(body).toString(),
    })

  it('name the client that revokes its token', async () => {
    const client = await server.client({ grants: { docs: ['read'] } })
    const token = await server.issue(client, { audience: 'docs' })
    const rules = await rulesOf(() => form('/oauth/revoke', client, { token }))
    expect(rules).toMatchObject([{ createdBy: `client:${client.id}`, action: 'token.revoke' }])
  })

  it('name the client that changes and deletes itself', async () => {
    const token = `lkr_${'r'.repeat(43)}`
    const client = await server.client({
      grants: { docs: ['read', 'write'] },
      registrationHash: hashSecret(token),
    })
    const configuration = (method: string, body?: object) =>
      server.request(`/oauth/register/${client.id}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
    const [narrowed] = await rulesOf(() =>
      configuration('PUT', { client_id: client.id, client_name: 'box', scope: 'read' }),
    )
    expect(narrowed).toMatchObject({ createdBy: `client:${client.id}`, action: 'client.update' })
    server.sql(`update clients set registration_hash = '${hashSecret(token)}'`)
    const [deleted] = await rulesOf(() => configuration('DELETE'))
    expect(deleted).toMatchObject({ createdBy: `client:${client.id}`, action: 'client.delete' })
  })

  it('name the client that closes a run', async () => {
    const run = { type: 'tool_run', identifier: '*', project_id: '*', locations: '*', actions: '*' }
    const client = await server.client({ details: [run] as never })
    const rules = await rulesOf(() => form('/oauth/runs/revoke', client, { identifier: 'own-1' }))
    expect(rules).toMatchObject([{ createdBy: `client:${client.id}`, action: 'run.revoke' }])
  })
})

test('rules over unused clients name the server', async () => {
  const other = await startServer()
  const { deps } = other
  const client = await other.client({ unusedAfter: 1 })
  other.sql(`update clients set created_at = 0 where id = '${client.id}'`)
  const lastUsed = { flush: async () => {} }
  const audit = { ...deps.audit, flush: async () => {} }
  const kept = { ...deps, audit, lastUsed, retentionSeconds: null, livesBy: 'schedule' } as const
  const upkeep = createUpkeep(kept)
  const rules = await rulesOf(() => upkeep.run(), other)
  expect(rules).toMatchObject([
    { kind: 'client', value: client.id, createdBy: 'server', action: 'client.delete_unused' },
  ])
})

test('rules of a restored database name the operator', async () => {
  const { deps } = await startServer()
  const as = { actor: 'cli:root', requestId: 'request-1' }
  const call = { deps, as, authority: SHELL, reauthorize: async () => SHELL, ifMatch: null }
  await markRestored(call)
  const rules = await deps.store.listRevocations()
  expect(rules.length).toBeGreaterThan(0)
  for (const rule of rules) {
    expect(rule).toMatchObject({ kind: 'key', createdBy: 'cli:root', action: 'server.restored' })
  }
})

test('public list has neither makers nor names', async () => {
  const client = await server.client({ name: 'a secret project', grants: { docs: ['read'] } })
  await api.call(callers.unbound, 'POST', `/clients/${client.id}/revoke-tokens`, {})
  const token = await (await server.request('/oauth/revocations')).text()
  const { entries } = decode(token).claims as { entries: Record<string, unknown>[] }
  expect(entries.map(({ value }) => value)).toContain(client.id)
  const members = new Set(entries.flatMap((entry) => Object.keys(entry)))
  expect([...members].sort()).toEqual(['exp', 'gen', 'kind', 'seq', 'value'])
})

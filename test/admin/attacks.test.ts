// Attacks on administration with more than one step.
import { describe, expect, it } from 'vitest'
import { adminOf } from '../support/admin.ts'
import { BOTH, expectProblem, startAdminApi } from '../support/admin-api.ts'
import { upkeepOf } from '../audit/table.ts'
import { verifyAudit } from '../../src/admin/audit.ts'

const api = await startAdminApi()
const { server, callers } = api

it('request whose body arrives after its sender was removed is refused', async () => {
  const evil = await server.client({ workspaceId: null, grants: { latchkey: BOTH } })
  const token = await server.issue(evil)
  let send = (_text: string): void => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      send = (text) => {
        controller.enqueue(new TextEncoder().encode(text))
        controller.close()
      }
    },
  })
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
  const waiting = server.request('/admin/v1/clients', init)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await server.deleteClient(evil.id)
  const before = await server.store.listClients()
  send(
    '{"name":"backdoor","workspace_id":null,"grants":[{"audience":"latchkey","permissions":["admin:write"]}]}',
  )
  const answer = await waiting
  expect(answer.status).toBe(401)
  expect(await answer.json()).toMatchObject({ code: 'token_revoked' })
  expect(await server.store.listClients()).toEqual(before)
})

it('token with an unknown key is refused with 401 each time, because the server has all its keys', async () => {
  const [, payload, signature] = (await api.tokenOf(callers.readOnly)).split('.')
  for (let i = 0; i < 5; i++) {
    const header = JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid: `k-${i}` })
    const token = [Buffer.from(header).toString('base64url'), payload, signature].join('.')
    expectProblem(await api.callWith(token, 'GET', '/clients'), 401, 'token_untrusted')
  }
  expect((await api.call(callers.readOnly, 'GET', '/clients')).status).toBe(200)
})

describe('audit', () => {
  const rows = () => server.query('select count(*) as n from audit_events')[0]?.['n']

  it('does not grow with repeated revocations of one token', async () => {
    const client = await server.client({ grants: { docs: ['read'] } })
    const token = await server.issue(client)
    await server.revoke(client, token)
    const before = rows()
    for (let i = 0; i < 20; i++) expect((await server.revoke(client, token)).status).toBe(200)
    expect(rows()).toBe(before)
  })

  it('does not grow with requests that lack the permission', async () => {
    const before = rows()
    for (let i = 0; i < 20; i++) {
      const answer = await api.call(callers.readOnly, 'POST', '/workspaces', { id: 'mine' })
      expectProblem(answer, 403, 'permission_missing')
    }
    expect(rows()).toBe(before)
    expect(server.events.at(-1)).toMatchObject({ reason: 'permission_missing' })
  })
})

it('secret in an address appears in no log line and no audit event', async () => {
  const secret = `lks_${'s'.repeat(43)}`
  const pair = `${callers.unbound.client.id}:${secret}`
  for (const id of [secret, pair]) {
    await api.call(callers.unbound, 'POST', `/clients/${encodeURIComponent(id)}/disable`)
  }
  await server.request(`/oauth/register/lkr_${'r'.repeat(43)}`)
  const written = JSON.stringify([server.lines, server.query('select * from audit_events')])
  expect(written).not.toMatch(/lk[sr]_[sr]{9}/)
})

describe('last unbound administrator', () => {
  it.each([
    ['may only change', { grants: [{ audience: 'latchkey', permissions: ['admin:write'] }] }],
    ['has a quota', { quota_per_minute: 5 }],
  ])('is refused a change after which it %s', async (_, change) => {
    const alone = await startAdminApi()
    const { client } = alone.callers.unbound
    alone.server.sql(
      `update clients set status = 'disabled' where workspace_id is null and id <> '${client.id}'`,
    )
    const path = `/clients/${client.id}`
    const headers = await alone.ifMatch(path)
    const answer = await alone.call(alone.callers.unbound, 'PATCH', path, change, headers)
    expectProblem(answer, 409, 'last_administrator')
  })

  it('may not become an ordinary client while it is in no workspace', async () => {
    const other = await server.client({ workspaceId: null, grants: { latchkey: BOTH } })
    const path = `/clients/${other.id}`
    const grants = [{ audience: 'docs', permissions: ['read'] }]
    const answer = await api.call(
      callers.unbound,
      'PATCH',
      path,
      { grants },
      await api.ifMatch(path),
    )
    expectProblem(answer, 422, 'invalid_value')
  })
})

describe('administrator bound to a workspace', () => {
  it('may not create a resource of a new type', async () => {
    const body = { type: 'secret-project', id: 'x', parts: [] }
    const answer = await api.call(callers.bound, 'POST', '/resources', body)
    expectProblem(answer, 403, 'unbound_required')
  })

  it('may lower a quota that an operator set, and neither raise nor remove it', async () => {
    const { id } = await server.client({ workspaceId: 'acme', quotaPerMinute: 10 })
    const path = `/clients/${id}`
    const set = async (quota_per_minute: number | null) =>
      (await api.call(callers.bound, 'PATCH', path, { quota_per_minute }, await api.ifMatch(path)))
        .status
    expect([await set(null), await set(11), await set(9)]).toEqual([403, 403, 200])
  })

  it('sees changes in its workspace in the audit, and no refused attempts of others', async () => {
    const client = await server.client({ workspaceId: 'acme' })
    await api.call(callers.other, 'POST', `/clients/${client.id}/disable`)
    const body = { type: 'playlist', id: 'seen', workspace_id: 'acme', parts: [] }
    await api.call(callers.unbound, 'POST', '/resources', body)
    const made = await api.call(callers.unbound, 'POST', '/enrollments', { workspace_id: 'acme' })
    const { items } = (await api.call(callers.bound, 'GET', '/audit?limit=1000')).body
    const rows = items as { target: string; actor: string }[]
    expect(rows.map(({ target }) => target)).toContain('playlist#seen')
    expect(rows.map(({ target }) => target)).toContain(made.body['enrollment_id'])
    const { id } = callers.other.client
    expect(rows.filter(({ actor }) => actor === `client:${id}`)).toEqual([])
  })
})

it('deleted seals of changed rows are reported by a check with a seal that was recorded elsewhere', async () => {
  const admin = adminOf(server)
  await upkeepOf(server).run()
  const { sealed_to, sealed_mac } = await verifyAudit(admin)
  const seal = `${sealed_to}:${sealed_mac}`
  expect(await verifyAudit(admin, { seal })).toMatchObject({ intact: true })
  server.sql(`delete from audit_seals; update audit_events set actor = 'client:innocent'`)
  await upkeepOf(server).run()
  expect(await verifyAudit(admin)).toMatchObject({ intact: true })
  expect(await verifyAudit(admin, { seal })).toMatchObject({
    intact: false,
    findings: [{ finding: 'seal_missing', seq: sealed_to }],
  })
})

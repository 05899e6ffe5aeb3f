// Disabled and deleted plugins: no token for them, at any way to one, and no way back for their tokens.
import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { createEnrollment } from '../../src/admin/enrollments.ts'
import { LAST_GENERATION } from '../../src/constants.ts'
import { anyPlugin, createVerifier } from '../../src/verifier/index.ts'
import { type AdminApi, expectProblem, startAdminApi } from '../support/admin-api.ts'
import { adminOf } from '../support/admin.ts'
import { expectRefusal } from '../support/answers.ts'
import type { ClientCredentials } from '../support/records.ts'
import { ISSUER } from '../support/server.ts'

let api: AdminApi
/** A client with the plugin `chat` alone. */
let client: ClientCredentials
beforeEach(async () => {
  api = await startAdminApi()
  await api.server.plugin('chat', { name: 'Chat', trust: 'trusted' })
  await api.server.plugin('mail')
  client = await acting(['chat'])
})

const acting = (plugins: string[]) =>
  api.server.client({ workspaceId: 'acme', grants: { docs: ['read'] }, plugins })

const disable = async () => {
  const answer = await api.call(api.callers.unbound, 'POST', '/plugins/chat/disable')
  expect(answer.status, answer.text).toBe(200)
  return answer.body
}
const enable = async () => {
  const answer = await api.call(api.callers.unbound, 'POST', '/plugins/chat/enable')
  expect(answer.status, answer.text).toBe(200)
  return answer.body
}
const remove = async () => {
  const answer = await api.change(api.callers.unbound, 'DELETE', '/plugins/chat')
  expect(answer.status, answer.text).toBe(200)
  return answer.body
}

/** Ways in which a plugin ends. */
const ENDS = Object.entries({ disabled: disable, deleted: remove })

const request = (basic: ClientCredentials, form: Record<string, string> = {}) =>
  api.server.requestToken({ audience: 'docs', ...form }, { basic })

const expectDisabled = async (basic: ClientCredentials, form?: Record<string, string>) => {
  const response = await request(basic, form)
  await expectRefusal(response, [400, 'invalid_request', 'plugin_disabled'])
}

describe.each(ENDS)('token request once the plugin is %s', (_, end) => {
  it('gets plugin_disabled, which names the plugin', async () => {
    await end()
    const response = await request(client, { plugin_id: 'chat' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: 'invalid_request',
      error_description: 'An administrator has disabled or deleted this plugin: chat.',
      code: 'plugin_disabled',
    })
  })

  it('without plugin_id gets no token without the only plugin', async () => {
    await end()
    await expectDisabled(client)
    await expectDisabled(client, { scope: 'read' })
  })

  it('without plugin_id gets no token for the other plugin', async () => {
    const both = await acting(['chat', 'mail'])
    await end()
    const token = await api.server.issue(both, { audience: 'docs' })
    expect(decodeJwt(token)).not.toHaveProperty('plugin_id')
    await expectDisabled(both, { plugin_id: 'chat' })
    const mail = await api.server.issue(both, { audience: 'docs', plugin_id: 'mail' })
    expect(decodeJwt(mail)).toMatchObject({ plugin_id: 'mail' })
  })

  it('gets plugin_disabled at an audience that requires a plugin, too', async () => {
    await api.server.audience('gate', ['open'], { requiresPlugin: true })
    const gated = await api.server.client({ grants: { gate: ['open'] }, plugins: ['chat'] })
    await end()
    const form = { audience: 'gate' }
    await expectDisabled(gated, form)
    await expectDisabled(gated, { ...form, plugin_id: 'chat' })
  })

  it('gets plugin_not_allowed if the client may not act for the plugin', async () => {
    await end()
    const response = await request(await acting(['mail']), { plugin_id: 'chat' })
    await expectRefusal(response, [400, 'invalid_request', 'plugin_not_allowed'])
  })
})

describe.each(ENDS)('token of the plugin once it is %s', (title, end) => {
  it('has a rule of the list over its plugin, and introspection answers inactive', async () => {
    const token = await api.server.issue(client, { audience: 'docs' })
    const mail = await acting(['mail'])
    const other = await api.server.issue(mail, { audience: 'docs' })
    await end()
    expect(await api.server.introspect(client, token)).toEqual({ active: false })
    expect(await api.server.introspect(mail, other)).toMatchObject({ active: true })
    const rules = await api.readAll(api.callers.unbound, '/revocations?kind=plugin')
    expect(rules).toMatchObject([{ value: 'chat', gen: title === 'deleted' ? LAST_GENERATION : 2 }])
  })

  it('meets a refusal at a resource server that follows the list', async () => {
    const verifier = createVerifier({
      issuer: ISSUER,
      audience: 'docs',
      follow: 'on-use',
      clock: () => api.server.deps.clock(),
      monotonic: () => api.server.deps.clock(),
      fetch: (url) => api.server.request(url.slice(ISSUER.length)),
    })
    const required = { permission: 'read', plugin: anyPlugin } as const
    const token = await api.server.issue(client, { audience: 'docs' })
    expect(await verifier.verify(token, required)).toMatchObject({ pluginId: 'chat' })
    await end()
    api.server.advance(6) // a list that is six seconds old is stale
    await expect(verifier.verify(token, required)).rejects.toMatchObject({ code: 'token_revoked' })
  })

  it('ends for a run, too, and the run stays open', async () => {
    const details = [{ type: 'tool_run', identifier: '*', actions: '*', locations: '*' }]
    const runner = await api.server.client({
      grants: { docs: ['read'] },
      plugins: ['chat', 'mail'],
      details,
    })
    const form = {
      audience: 'docs',
      authorization_details: '[{"type":"tool_run","identifier":"run-1"}]',
    }
    const token = await api.server.issue(runner, { ...form, plugin_id: 'chat' })
    await end()
    expect(await api.server.introspect(runner, token)).toEqual({ active: false })
    await expectDisabled(runner, { ...form, plugin_id: 'chat' })
    const renewed = await api.server.issue(runner, { ...form, plugin_id: 'mail' })
    expect(await api.server.introspect(runner, renewed)).toMatchObject({ active: true })
  })
})

it('enabling issues new tokens and keeps those from before revoked', async () => {
  const token = await api.server.issue(client, { audience: 'docs' })
  expect(await disable()).toMatchObject({ status: 'disabled', generation: 2 })
  expect(await enable()).toMatchObject({ status: 'active', generation: 2 })
  expect(await api.server.introspect(client, token)).toEqual({ active: false })
  const renewed = await api.server.issue(client, { audience: 'docs' })
  expect(await api.server.introspect(client, renewed)).toMatchObject({
    active: true,
    plugin_id: 'chat',
    plugin_gen: 2,
  })
})

describe('list of plugins', () => {
  it('selects by status, and leaves deleted plugins out', async () => {
    const ids = async (query = '') =>
      (await api.readAll(api.callers.unbound, `/plugins${query}`)).map(({ id }) => id)
    await disable()
    expect(await ids('?status=disabled')).toEqual(['chat'])
    expect(await ids('?status=active')).not.toContain('chat')
    expect(await ids()).toContain('chat')
    await remove()
    expect(await ids()).not.toContain('chat')
    const refused = await api.call(api.callers.unbound, 'GET', '/plugins?status=deleted')
    expectProblem(refused, 422, 'invalid_value')
  })
})

describe('deleted plugin', () => {
  it('answers not_found, while audit events and clients keep naming it', async () => {
    expect(await remove()).toEqual({ id: 'chat', status: 'deleted' })
    for (const [method, path] of [
      ['GET', '/plugins/chat'],
      ['POST', '/plugins/chat/enable'],
      ['POST', '/plugins/chat/disable'],
      ['POST', '/plugins/chat/revoke-tokens'],
    ] as const) {
      const answer = await api.call(api.callers.unbound, method, path)
      expectProblem(answer, 404, 'not_found')
    }
    const events = await api.readAll(api.callers.unbound, '/audit?target=chat&outcome=success')
    expect(events).toMatchObject([{ action: 'plugin.delete', target: 'chat' }])
    const [named] = await api.readAll(api.callers.unbound, '/clients?plugin_id=chat')
    expect(named).toMatchObject({ client_id: client.id, plugins: ['chat'] })
  })

  it('is removed from a client by an administrator, and the client gets tokens again', async () => {
    await remove()
    const renamed = { name: 'Renamed' }
    const path = `/clients/${client.id}`
    const answer = await api.change(api.callers.unbound, 'PATCH', path, renamed)
    expect(answer.body).toMatchObject({ ...renamed, plugins: ['chat'] })
    await expectDisabled(client)
    const removed = await api.change(api.callers.unbound, 'PATCH', path, { plugins: [] })
    expect(removed.body).toMatchObject({ plugins: [] })
    const token = await api.server.issue(client, { audience: 'docs' })
    expect(decodeJwt(token)).not.toHaveProperty('plugin_id')
    const again = await api.change(api.callers.unbound, 'PATCH', path, { plugins: ['chat'] })
    expectProblem(again, 422, 'unknown_reference')
  })
})

describe.each(ENDS)('client that is given the plugin once it is %s', (title, end) => {
  const [status, code, detail] =
    title === 'deleted'
      ? ([422, 'unknown_reference', 'the plugin chat has been deleted'] as const)
      : ([409, 'plugin_disabled', 'the plugin chat is disabled: enable it first'] as const)

  const ways: [title: string, way: (plugins: string[]) => Promise<unknown>][] = [
    ['POST', (plugins) => send('POST', '/clients', { name: 'late', plugins })],
    [
      'POST with create_plugins',
      (plugins) => send('POST', '/clients', { name: 'late', plugins, create_plugins: true }),
    ],
    [
      'PATCH',
      async (plugins) => send('PATCH', `/clients/${(await acting(['mail'])).id}`, { plugins }),
    ],
    ['an enrollment', (plugins) => send('POST', '/enrollments', { plugins })],
  ]
  const send = async (method: 'POST' | 'PATCH', path: string, body: unknown) => {
    const answer = await api.change(api.callers.unbound, method, path, body)
    expectProblem(answer, status, code)
    return answer.body['errors']
  }

  it.each(ways)(`is refused with ${code}: %s`, async (_, way) => {
    await end()
    const before = await api.server.store.listDeletedPlugins(['chat'])
    expect(await way(['mail', 'chat'])).toEqual([{ field: 'plugins.1', detail }])
    expect(await api.server.store.listDeletedPlugins(['chat'])).toEqual(before)
  })

  it(`is refused with ${code} between the check and the write`, async () => {
    const { listPlugins } = api.server.deps.store
    let ended = false
    api.server.deps.store.listPlugins = async (...given) => {
      const rows = await listPlugins(...given)
      if (!ended) {
        ended = true
        await end()
      }
      return rows
    }
    const answer = await api.call(api.callers.unbound, 'POST', '/clients', {
      name: 'late',
      plugins: ['chat'],
    })
    expectProblem(answer, status, code)
  })
})

describe.each(ENDS)('enrollment with the plugin once it is %s', (title, end) => {
  const register = (token: string) =>
    api.server.request('/oauth/register', {
      method: 'POST',
      body: JSON.stringify({ client_name: 'Daemon' }),
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    })
  const enroll = () => createEnrollment(adminOf(api.server), { plugins: ['chat'] })

  it('is refused as invalid, and stays unused', async () => {
    const { enrollment_token: token, enrollment_id: id } = await enroll()
    await end()
    const before = (await api.server.store.listClients()).length
    const response = await register(token)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ code: 'enrollment_invalid' })
    expect(await api.server.store.listClients()).toHaveLength(before)
    expect(await api.server.store.findEnrollment(id)).toMatchObject({ usedAt: null })
    if (title === 'deleted') return
    await enable()
    expect((await register(token)).status).toBe(201)
  })

  it('is refused between the check and the write', async () => {
    const { enrollment_token: token } = await enroll()
    const { consumeEnrollment } = api.server.deps.store
    api.server.deps.store.consumeEnrollment = async (...given) => {
      api.server.heal()
      await end()
      return await consumeEnrollment(...given)
    }
    const response = await register(token)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ code: 'enrollment_invalid' })
  })
})

it.each(ENDS)('plugin of the last administrator cannot be %s', async (title) => {
  await api.server.plugin('console')
  const change = { plugins: ['console'] }
  const path = `/clients/${api.callers.unbound.client.id}`
  expect((await api.change(api.callers.unbound, 'PATCH', path, change)).status).toBe(200)
  const answer =
    title === 'deleted'
      ? await api.change(api.callers.unbound, 'DELETE', '/plugins/console')
      : await api.call(api.callers.unbound, 'POST', '/plugins/console/disable')
  expectProblem(answer, 409, 'last_administrator')
})

// Isolation of workspaces: a record of another workspace, or of none, does not exist for a bound
// administrator.
import { describe, expect, it } from 'vitest'
import { comparable, expectProblem, startAdminApi } from '../support/admin-api.ts'

const api = await startAdminApi()
const { server, callers } = api
const { bound, unbound } = callers
const foreign = await server.client({
  workspaceId: 'globex',
  grants: { other: ['use'] },
  ledger: true,
})

describe('bound administrator and another workspace', () => {
  const NOBODY = 'lkc_AAAAAAAAAAAAAAAAAAAAAA'
  const operations = api.operations.filter(({ path }) => path.startsWith('/clients/{'))

  it.each(operations)(
    '$method $path answers as for a client that does not exist',
    async ({ method, path, body }) => {
      const [kept] = await server.store.listSecrets(foreign.id, server.seconds())
      const answers = [foreign.id, unbound.client.id, NOBODY].map(async (id) => {
        const address = path.replace('{client_id}', id).replace('{secret_id}', kept?.id ?? '')
        const given = method === 'PUT' ? { authorization_details: [] } : { name: 'taken' }
        const sent = body === null ? undefined : given
        const answer = await api.unchangedBy(() =>
          api.call(bound, method, address, sent, { 'If-Match': '*' }),
        )
        expectProblem(answer, 404, 'not_found')
        return comparable(answer, id)
      })
      const [inAnother, inNone, nowhere] = await Promise.all(answers)
      expect(inAnother).toEqual(nowhere)
      expect(inNone).toEqual(nowhere)
    },
  )

  it('POST /revocations answers as for a malformed token', async () => {
    const tokens = [await server.issue(foreign), await api.tokenOf(unbound), 'x.y.z']
    const answers = tokens.map(async (token) => {
      const answer = await api.unchangedBy(() => api.call(bound, 'POST', '/revocations', { token }))
      return comparable(answer, 'ID')
    })
    const [first, second, third] = await Promise.all(answers)
    expect([first, second]).toEqual([third, third])
  })

  it.each([
    ['clients', /globex/],
    ['workspaces', /globex/],
    ['plugins', /p-globex|p-nobody/],
    ['audiences', /other/],
    ['revocations', /"(plugin|workspace|key)"/],
    ['runs', /globex/],
    [`tokens?client_id=${foreign.id}`, /./],
    ['tokens?run=shared', /globex/],
  ])('lists nothing of it in /%s', async (noun, hidden) => {
    await server.store.revokeClientTokens(foreign.id, server.seconds())
    await server.store.revokePluginTokens('p-acme', server.seconds())
    await server.issue(foreign, { audience: 'other' })
    await server.store.closeRun({ workspaceId: 'globex', identifier: 'x' }, server.seconds())
    const text = JSON.stringify(await api.readAll(bound, `/${noun}`))
    expect(text.slice(1, -1)).not.toMatch(hidden)
    expect(text).not.toContain(foreign.id)
    expect(text).not.toContain(unbound.client.id)
  })

  it('POST /runs answers as for a workspace that does not exist', async () => {
    const answers = ['globex', 'nowhere'].map(async (id) => {
      const answer = await api.unchangedBy(() =>
        api.call(bound, 'POST', '/runs/run-1/revoke', { workspace_id: id }),
      )
      expectProblem(answer, 422, 'unknown_reference')
      return comparable(answer, id)
    })
    const [inAnother, nowhere] = await Promise.all(answers)
    expect(inAnother).toEqual(nowhere)
  })

  it('closes runs in its own workspace, and sees their rules and events', async () => {
    const answer = await api.call(bound, 'POST', '/runs/mine%2F1/revoke')
    expect([answer.status, answer.body]).toEqual([
      200,
      { identifier: 'mine/1', workspace_id: 'acme', matched: 0 },
    ])
    const seen = async (path: string, who = bound) => (await api.readAll(who, path)).length
    expect(await seen('/runs')).toBe(1)
    expect(await seen('/revocations?kind=run')).toBe(1)
    expect(await seen('/audit?action=run.revoke&outcome=success')).toBe(1)
    await api.call(unbound, 'POST', '/runs/theirs/revoke', { workspace_id: 'acme' })
    expect(await seen('/audit?action=run.revoke&outcome=success')).toBe(2)
    await api.call(unbound, 'POST', '/runs/theirs/revoke', { workspace_id: 'globex' })
    expect(await seen('/audit?action=run.revoke&outcome=success')).toBe(2)
    expect(await seen('/runs?workspace_id=globex')).toBe(0)
  })

  describe('audit targets of ids that look alike when joined', () => {
    const TARGETS = 'run.revoke,resource.create,resource.update,plugin.create,workspace.create'
    const targets = async (who = bound) =>
      (await api.readAll(who, '/audit'))
        .filter(({ action }) => TARGETS.split(',').includes(String(action)))
        .map(({ target }) => String(target))

    it.each(['/', ':', '.', '~', '-', '_'])(
      'are distinguished for ids joined by %j',
      async (between) => {
        const elsewhere = `acme${between}x`
        const before = await targets()
        await server.workspace(elsewhere)
        // Changes in acme, which its administrator sees.
        await api.call(bound, 'POST', `/runs/x${encodeURIComponent(between)}run1/revoke`)
        await server.resource(`playlist${between}a`, 'b', 'acme', [])
        // Changes in another workspace.
        await api.call(unbound, 'POST', '/runs/run1/revoke', { workspace_id: elsewhere })
        const foreign = { type: 'playlist', id: `a${between}b`, workspace_id: elsewhere, parts: [] }
        expect((await api.call(unbound, 'POST', '/resources', foreign)).status).toBe(201)
        const own = (await targets()).slice(0, -before.length || undefined)
        expect(new Set(own)).toEqual(new Set([`acme#x${between}run1`]))
        expect(await targets(unbound)).toContain(`${elsewhere}#run1`)
        expect(await targets(unbound)).toContain(`playlist#a${between}b`)
      },
    )

    it('show no plugin whose id is spelled like a client', async () => {
      const before = await targets()
      const body = { id: bound.client.id, name: 'odd' }
      expect((await api.call(unbound, 'POST', '/plugins', body)).status).toBe(201)
      expect(await targets()).toEqual(before)
    })

    it('are shown to unbound administrators only in rows of older versions', async () => {
      await api.call(bound, 'POST', '/runs/x%2Frun9/revoke')
      const event = { actor: 'cli:root', action: 'run.revoke', target: 'acme/x/run9' }
      const row = { ...event, outcome: 'success', count: 1 } as const
      await server.store.addAuditEvents([row], server.seconds())
      expect(await targets()).not.toContain('acme/x/run9')
      expect(await targets(unbound)).toContain('acme/x/run9')
    })
  })

  it.each([`workspace_id=globex`, 'audience=other', 'plugin_id=p-globex'])(
    'lists no client of it with %s',
    async (query) => {
      const found = await api.readAll(bound, `/clients?${query}`)
      expect(found.filter((client) => client['workspace_id'] !== 'acme')).toEqual([])
    },
  )

  it('lists no client of it with a cursor of another administrator', async () => {
    const { body } = await api.call(unbound, 'GET', '/clients?limit=1')
    const query = `limit=1000&cursor=${String(body['next_cursor'])}`
    const answer = await api.call(bound, 'GET', `/clients?${query}`)
    expect(answer.text).not.toContain('globex')
    expect(answer.text).not.toContain(unbound.client.id)
  })
})

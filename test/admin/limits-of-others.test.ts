// Limits of a bound administrator, set by an operator: the administrator does not escape them
// through a client of the workspace with looser limits.
import { describe, expect, it } from 'vitest'
import { UNLIMITED as NONE, type Limits } from '../../src/grants/limits.ts'
import {
  type Answer,
  BOTH,
  type Caller,
  expectProblem,
  startAdminApi,
} from '../support/admin-api.ts'

const api = await startAdminApi()
const { server, callers } = api
const DEFAULT_TTL = server.deps.tokenTtlSeconds
const ALL: Limits = { tokenTtl: 300, quotaPerMinute: 60, ledger: true }

/** Creates an administrator of `acme` whose own client has these limits. */
const boundWith = async (limits: Limits): Promise<Caller> => ({
  client: await server.client({
    workspaceId: 'acme',
    grants: { latchkey: BOTH, docs: ['write'] },
    plugins: ['p-acme'],
    ...limits,
  }),
  form: { audience: 'latchkey' },
})

const change = async (by: Caller, id: string, body: object): Promise<Answer> =>
  await api.call(by, 'PATCH', `/clients/${id}`, body, await api.ifMatch(`/clients/${id}`))

describe('bound administrator and a client with looser limits', () => {
  const FIELDS = { tokenTtl: 'token_ttl', quotaPerMinute: 'quota_per_minute', ledger: 'ledger' }
  /** Limits of the administrator, limits of the client, and the refused field. */
  const LIMITS: [own: Limits, other: Limits, refused: keyof Limits | null][] = [
    [NONE, NONE, null],
    [NONE, ALL, null],
    [ALL, ALL, null],
    [ALL, { tokenTtl: 60, quotaPerMinute: 1, ledger: true }, null],
    [ALL, { ...ALL, tokenTtl: 301 }, 'tokenTtl'],
    [ALL, { ...ALL, tokenTtl: null }, 'tokenTtl'],
    [ALL, { ...ALL, quotaPerMinute: 61 }, 'quotaPerMinute'],
    [ALL, { ...ALL, quotaPerMinute: null }, 'quotaPerMinute'],
    [ALL, { ...ALL, ledger: false }, 'ledger'],
    [NONE, { ...NONE, tokenTtl: DEFAULT_TTL }, null],
    [NONE, { ...NONE, tokenTtl: DEFAULT_TTL + 1 }, 'tokenTtl'],
  ]
  const READ = [{ audience: 'docs', permissions: ['read'] }]
  /** Ways to log in as the client, to enable it, or to give it something. */
  const WAYS: Record<string, (by: Caller, id: string) => Promise<Answer>> = {
    'a secret': (by, id) => api.call(by, 'POST', `/clients/${id}/secrets`),
    'enabling it': async (by, id) => {
      await server.setStatus(id, 'disabled')
      return await api.call(by, 'POST', `/clients/${id}/enable`)
    },
    'a permission': (by, id) => change(by, id, { grants: READ }),
    'a plugin': (by, id) => change(by, id, { plugins: ['p-acme'] }),
  }

  describe.each(Object.entries(WAYS))('giving %s', (_, take) => {
    it.each(LIMITS)(
      'is decided by their limits: %j to %j, refused %s',
      async (own, other, refused) => {
        const by = await boundWith(own)
        const { id } = await server.client({ workspaceId: 'acme', ...other })
        const answer = await take(by, id)
        if (refused === null) {
          expect(answer.status, answer.text).toBeLessThan(300)
        } else {
          expectProblem(answer, 403, 'exceeds_own_grant')
          expect(answer.body).toMatchObject({ errors: [{ field: FIELDS[refused] }] })
          expect((await take(callers.unbound, id)).status).toBeLessThan(300)
        }
      },
    )

    it('is allowed after the limits of the client are tightened', async () => {
      const by = await boundWith(ALL)
      const { id } = await server.client({ workspaceId: 'acme' })
      const tight = { token_ttl: 300, quota_per_minute: 60, ledger: true }
      expect((await change(by, id, tight)).status).toBe(200)
      expect((await take(by, id)).status).toBeLessThan(300)
    })

    it('is refused while the client counts against a higher quota', async () => {
      const maker = await boundWith({ ...NONE, quotaPerMinute: 60 })
      const made = async () =>
        String((await api.call(maker, 'POST', '/clients', { name: 'x' })).body['client_id'])
      const low = await boundWith({ ...NONE, quotaPerMinute: 59 })
      const high = await boundWith({ ...NONE, quotaPerMinute: 60 })
      const ids = [await made(), await made()] as const
      await change(callers.unbound, maker.client.id, { quota_per_minute: null })
      const shared = await made()
      await change(callers.unbound, maker.client.id, { quota_per_minute: 60 })
      expectProblem(await take(low, ids[0]), 403, 'exceeds_own_grant')
      expectProblem(await take(low, shared), 403, 'exceeds_own_grant')
      expect((await take(high, ids[1])).status).toBeLessThan(300)
      expect((await take(high, shared)).status).toBeLessThan(300)
      // The client counts against no other quota afterwards.
      await change(callers.unbound, shared, { quota_per_minute: null, plugins: [], grants: [] })
      expectProblem(await take(high, shared), 403, 'exceeds_own_grant')
    })
  })

  it('counting the quota that the administrator shares with its maker', async () => {
    const maker = await boundWith({ ...NONE, quotaPerMinute: 60 })
    await change(callers.unbound, maker.client.id, { quota_per_minute: null })
    const grants = [{ audience: 'latchkey', permissions: BOTH }]
    const { body } = await api.call(maker, 'POST', '/clients', { name: 'deputy', grants })
    const client = { id: String(body['client_id']), secret: String(body['client_secret']) }
    const deputy = { client, form: { audience: 'latchkey' } }
    const { id } = await server.client({ workspaceId: 'acme' })
    const secret = (of: string) => api.call(deputy, 'POST', `/clients/${of}/secrets`)
    expect((await secret(id)).status).toBe(201)
    await change(callers.unbound, maker.client.id, { quota_per_minute: 60 })
    expectProblem(await secret(id), 403, 'exceeds_own_grant')
    expect((await secret(client.id)).status).toBe(201)
  })

  it('allows to reduce, rename and disable the client', async () => {
    const by = await boundWith(ALL)
    const { id } = await server.client({
      workspaceId: 'acme',
      grants: { docs: ['write', 'read'] },
      plugins: ['p-acme'],
    })
    expect((await change(by, id, { name: 'y', grants: READ, plugins: [] })).status).toBe(200)
    expect((await api.call(by, 'POST', `/clients/${id}/disable`)).status).toBe(200)
  })
})

// Effects of a change of authorization details: on the tokens of the client at once, and bounded by
// the details of the administrator.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ClientCredentials } from '../support/records.ts'
import {
  ANY,
  type Administration,
  type Answer,
  type Detail,
  HELD,
  METHODS,
  RUN,
  playlist,
  problem,
  seen,
  startAdministration,
  waysToGive,
} from '../support/details.ts'

let api: Administration
let client: ClientCredentials
/** Address of the client: `/clients/{client_id}`. */
let own: string
beforeAll(async () => {
  api = await startAdministration()
})
beforeEach(async () => {
  client = await api.client([playlist('evening')])
  own = `/clients/${client.id}`
})

const given = (details: unknown) => ({ authorization_details: details })

const give = (method: (typeof METHODS)[number], details: unknown, by = api.unbound) =>
  waysToGive(api, client.id)[method](details, by)
const put = (details: unknown, by = api.unbound): Promise<Answer> => give('PUT', details, by)

describe('tokens of a client', () => {
  const ask = (members: object = {}) => api.issue(client, [{ type: 'playlist', ...members }])

  it('are revoked when its details are reduced, and a new token is valid at once', async () => {
    const plain = await api.server.issue(client)
    const tokens = [plain, await ask(), await ask({ parts: ['b'] })]
    const details = [playlist('evening', { parts: ['b'] })]
    expect((await put(details)).status).toBe(200)
    for (const token of tokens) expect(await api.isActive(client, token)).toBe(false)
    const renewed = await ask()
    expect(await api.server.introspect(client, renewed)).toMatchObject({
      active: true,
      authorization_details: details,
    })
  })

  it('are revoked when its details are replaced by wider ones or by none', async () => {
    for (const details of [[ANY], [playlist('evening')], []]) {
      const token = await api.server.issue(client)
      expect((await put(details)).status).toBe(200)
      expect(await api.isActive(client, token)).toBe(false)
    }
  })

  it('stay valid when an entry is added, or the details stay the same', async () => {
    const token = await ask()
    const entries = [
      [RUN, playlist('evening')],
      [playlist('evening', { parts: ['b', 'a'] }), RUN],
    ]
    for (const details of entries) expect((await put(details)).status).toBe(200)
    expect(await api.isActive(client, token)).toBe(true)
    await api.change(api.unbound, `PATCH ${own}`, { name: 'New' })
    expect(await api.isActive(client, token)).toBe(true)
    const shown = await api.call(api.unbound, `GET ${own}`)
    expect(shown.body).toMatchObject({ generation: 1, authorization_details: entries[1] })
  })

  it('stay valid when a change is refused, and the old details stay', async () => {
    const token = await ask()
    const mixed = [playlist('evening', { parts: ['a'] }), RUN, playlist('nope')]
    for (const method of METHODS) await api.unchangedBy(() => give(method, mixed))
    expect(await api.isActive(client, token)).toBe(true)
    expect(await api.isActive(client, await ask({ parts: ['a', 'b'] }))).toBe(true)
  })
})

describe('details of a target that is deleted meanwhile', () => {
  it('are refused as a whole', async () => {
    const { store } = api.server
    const create = (id: string) =>
      store.createResource({ type: 'fleeting', id, workspaceId: 'acme', parts: [] }, 0)
    for (const id of METHODS) {
      await create(id)
      const { findResource } = api.server.deps.store
      api.server.deps.store.findResource = async (type, name) => {
        const found = await findResource(type, name)
        if (found !== null) await store.deleteResource(found, 0)
        return found
      }
      const before = await store.listClients()
      const answer = await give(id, [RUN, { ...ANY, type: 'fleeting', identifier: id }])
      api.server.heal()
      // A POST has no state that the administrator decided from: it is decided again.
      const refusal =
        id === 'POST'
          ? { status: 422, code: 'unknown_reference' }
          : { status: 412, code: 'conflict' }
      expect(problem(answer), id).toMatchObject(refusal)
      expect(await store.listClients()).toEqual(before)
    }
  })

  it('leave a client with any target of the type changeable', async () => {
    const { store } = api.server
    await store.createResource({ type: 'last', id: 'x', workspaceId: 'acme', parts: [] }, 0)
    const details = [{ ...ANY, type: 'last' }, RUN]
    expect((await put(details)).status).toBe(200)
    await api.change(api.unbound, 'DELETE /resources/last/x')
    const renamed = await api.change(api.unbound, `PATCH ${own}`, { name: 'New', grants: [] })
    expect(renamed.body).toMatchObject({ name: 'New', grants: [], authorization_details: details })
    expect((await put([RUN])).status).toBe(200)
  })
})

describe('administrator bound to a workspace', () => {
  const EXCEEDS = { status: 403, code: 'exceeds_own_grant', fields: ['authorization_details'] }
  const [limited = RUN] = HELD
  beforeEach(async () => {
    await put([])
  })

  const gives: [title: string, details: Detail[]][] = [
    ['the details that it holds', HELD],
    ['no details', []],
    ['fewer actions', [{ ...limited, actions: ['skip'] }]],
    ['no actions and parts', [{ ...limited, actions: [], parts: [] }]],
    ['one run of its project', [{ ...RUN, identifier: 'run-7', actions: ['create'] }]],
  ]
  const lacks: [title: string, details: Detail[]][] = [
    ['another resource of its workspace', [playlist('morning', { parts: ['c'], volume: 5 })]],
    ['an action that it lacks', [{ ...limited, actions: ['play', 'skip', 'stop'] }]],
    ['all actions', [{ ...limited, actions: '*' }]],
    ['all parts', [{ ...limited, parts: '*' }]],
    ['any resource', [{ ...limited, identifier: '*', parts: [] }]],
    ['another limit', [{ ...limited, volume: 6 }]],
    ['any limit', [{ ...limited, volume: '*' }]],
    ['no limit', [playlist('evening')]],
    ['a member that it lacks', [{ ...limited, more: 1 }]],
    ['another project', [{ ...RUN, project_id: 'p2' }]],
    ['another endpoint', [{ ...RUN, locations: ['/v1/issues', '/v1/keys'] }]],
    ['another type', [{ ...ANY, type: 'room' }]],
    ['more than it holds', [...HELD, ANY]],
    ['a resource of another workspace', [playlist('night', { volume: 5 })]],
    ['a resource that does not exist', [playlist('nope', { volume: 5 })]],
  ]
  describe.each(METHODS)('using %s', (method) => {
    it.each(gives)('gives %s', async (_title, details) => {
      const { status, body } = await give(method, details, api.acme)
      expect([status, body['authorization_details']]).toEqual([
        method === 'POST' ? 201 : 200,
        details,
      ])
    })

    it.each(lacks)('is refused %s', async (_title, details) => {
      const answer = await api.unchangedBy(() => give(method, details, api.acme))
      expect(problem(answer)).toEqual(EXCEEDS)
    })
  })

  it('cannot tell a resource of another workspace from a missing one', async () => {
    for (const by of [api.acme, await api.administrator('acme', [ANY])]) {
      const answer = async (id: string) => seen(await put([playlist(id)], by), id)
      expect(await answer('night')).toEqual(await answer('nope'))
      const anyOf = async (type: string) => seen(await put([{ ...ANY, type }], by), type)
      expect(await anyOf('room')).toEqual(await anyOf('door'))
    }
  })

  it('is refused more details for itself', async () => {
    const address = `PUT /clients/${api.acme.id}/authorization-details`
    const request = () => api.change(api.acme, address, given([...HELD, ANY]))
    expect(problem(await api.unchangedBy(request))).toEqual(EXCEEDS)
  })

  it('may keep, reduce and remove details from others, and not give them back', async () => {
    expect((await put([ANY, playlist('evening')])).status).toBe(200)
    const change = async (details: Detail[]) => (await put(details, api.acme)).status
    expect(await change([playlist('evening'), RUN, ANY])).toBe(200)
    expect((await api.change(api.acme, `PATCH ${own}`, { name: 'New' })).status).toBe(200)
    expect(await change([playlist('evening', { parts: ['a'] }), RUN, ANY])).toBe(200)
    expect(await change([RUN])).toBe(200)
    expect(await change([RUN, ANY])).toBe(403)
  })

  it('may neither log in as a client with more details nor enable it', async () => {
    await put([playlist('evening')])
    await api.server.setStatus(client.id, 'disabled')
    for (const action of ['secrets', 'enable']) {
      const request = () => api.call(api.acme, `POST ${own}/${action}`, {})
      expect(problem(await api.unchangedBy(request)), action).toEqual(EXCEEDS)
    }
    expect((await put([{ ...limited, actions: [] }])).status).toBe(200)
    for (const [action, status] of [
      ['secrets', 201],
      ['enable', 200],
    ] as const) {
      expect((await api.call(api.acme, `POST ${own}/${action}`, {})).status, action).toBe(status)
    }
  })
})

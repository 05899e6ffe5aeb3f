// Registry of resources over the API: who sees it, and the effects of removals.
import { beforeAll, describe, expect, it } from 'vitest'
import { issueTokenFor } from '../../src/admin/tokens.ts'
import { performOn } from '../../src/cli/local.ts'
import { putResource } from '../../src/cli/resource.ts'
import { MAX_DETAIL_LIST } from '../../src/constants.ts'
import { adminOf } from '../support/admin.ts'
import {
  type Administration,
  type Answer,
  RUN,
  problem,
  seen,
  startAdministration,
} from '../support/details.ts'

let api: Administration
beforeAll(async () => {
  api = await startAdministration()
})

const create = (id: string, parts: unknown = ['a', 'b'], more: object = {}, by = api.unbound) =>
  api.call(by, 'POST /resources', {
    type: 'playlist',
    id,
    workspace_id: 'acme',
    parts,
    ...more,
  })

/** Number of the playlists that were created. */
let made = 0
const created = async (): Promise<{ id: string; path: string }> => {
  const id = `made-${++made}`
  expect((await create(id)).status).toBe(201)
  return { id, path: `/resources/playlist/${id}` }
}

const ids = ({ body }: Answer): string[] =>
  (body['items'] as { type: string; id: string }[]).map(({ type, id }) => `${type} ${id}`)

describe('resource', () => {
  it('is created, shown, changed and deleted', async () => {
    const odd = 'a/b:c~d'
    const path = `/resources/playlist%2Fx/${encodeURIComponent(odd)}`
    const answer = await create(odd, ['b', 'a', 'b'], { type: 'playlist/x' })
    const etag = expect.any(String) as string
    const shown = {
      type: 'playlist/x',
      id: odd,
      workspace_id: 'acme',
      parts: ['b', 'a'],
      created_at: '2026-01-01T00:00:00Z',
      etag,
    }
    expect([answer.status, answer.body]).toEqual([201, shown])
    expect(answer.headers.get('location')).toBe(`/admin/v1${path}`)
    expect(answer.headers.get('etag')).toBe(`"${String(answer.body['etag'])}"`)
    expect((await api.call(api.unbound, `GET ${path}`)).body).toEqual(answer.body)

    const changed = await api.change(api.unbound, `PUT ${path}`, { parts: [] })
    expect([changed.status, changed.body]).toEqual([200, { ...shown, parts: [] }])
    expect(changed.body['etag']).not.toBe(answer.body['etag'])
    const removed = await api.change(api.unbound, `DELETE ${path}`)
    expect([removed.status, removed.body]).toEqual([
      200,
      { type: 'playlist/x', id: odd, status: 'deleted' },
    ])
    expect((await api.call(api.unbound, `GET ${path}`)).status).toBe(404)
  })

  it('has an id that is unique in all workspaces, also after its deletion', async () => {
    const { id, path } = await created()
    const taken = async () => {
      for (const workspace_id of ['acme', 'globex', 'default']) {
        const answer = await api.unchangedBy(() => create(id, [], { workspace_id }))
        expect(problem(answer)).toMatchObject({ status: 409, code: 'already_exists' })
      }
    }
    await taken()
    await api.change(api.unbound, `DELETE ${path}`)
    await taken()
    expect((await create(id, [], { type: 'room' })).status).toBe(201)
  })

  const bad: [title: string, body: Record<string, unknown>, field: string, code?: string][] = [
    ['no id', { id: undefined }, 'id'],
    ['an id with a space', { id: 'a b' }, 'id'],
    ['an asterisk as id', { id: '*' }, 'id'],
    ['no type', { type: undefined }, 'type'],
    ['an asterisk as type', { type: '*' }, 'type'],
    ['the type of runs', { type: 'tool_run' }, 'type'],
    ['no parts', { parts: undefined }, 'parts'],
    ['an asterisk as parts', { parts: '*' }, 'parts'],
    ['an asterisk among its parts', { parts: ['a', '*'] }, 'parts.1'],
    ['a number among its parts', { parts: [1] }, 'parts.0'],
    [
      'too many parts',
      { parts: Array.from({ length: MAX_DETAIL_LIST + 1 }, (_, i) => `p${i}`) },
      'parts',
    ],
    ['an unknown member', { status: 'deleted' }, 'status'],
    ['an unknown workspace', { workspace_id: 'nope' }, 'workspace_id', 'unknown_reference'],
  ]
  it.each(bad)('is not created with %s', async (_, body, field, code = 'invalid_value') => {
    const answer = await api.unchangedBy(() => create('new', [], body))
    expect(problem(answer)).toEqual({ status: 422, code, fields: [field] })
  })

  it('is not changed with a wrong body', async () => {
    const { path } = await created()
    for (const body of [{}, { parts: ['*'] }, { parts: null }, { parts: [], id: 'x' }]) {
      const answer = await api.unchangedBy(() => api.change(api.unbound, `PUT ${path}`, body))
      expect(problem(answer)).toMatchObject({ status: 422, code: 'invalid_value' })
    }
  })

  it.each(['PUT', 'DELETE'])('is written only with the current etag: %s', async (method) => {
    const { path } = await created()
    const { headers } = await api.call(api.unbound, `GET ${path}`)
    await api.change(api.unbound, `PUT ${path}`, { parts: ['a', 'c'] })
    const body = method === 'PUT' ? { parts: [] } : undefined
    const write = (ifMatch?: string | null) =>
      api.call(api.unbound, `${method} ${path}`, body, ifMatch)
    const unguarded = await api.unchangedBy(() => write())
    expect(problem(unguarded)).toMatchObject({ status: 428, code: 'precondition_required' })
    const stale = await api.unchangedBy(() => write(headers.get('etag')))
    expect(problem(stale)).toMatchObject({ status: 412, code: 'conflict' })
    expect((await write('*')).status).toBe(200)
  })

  it('is not changed by an administrator who may only read', async () => {
    const { path } = await created()
    const write = (address: string, body?: object) => () =>
      api.call(api.unbound, address, body, '*', 'admin:read')
    const requests = [
      write(`PUT ${path}`, { parts: [] }),
      write(`DELETE ${path}`),
      write('POST /resources', { type: 'playlist', id: 'new', parts: [] }),
    ]
    for (const request of requests) expect((await api.unchangedBy(request)).status).toBe(403)
  })

  it('leaves one audit event for each attempt', async () => {
    const { id, path } = await created()
    api.server.events.length = 0
    await create(id)
    await api.change(api.unbound, `PUT ${path}`, { parts: [] })
    await api.change(api.unbound, `DELETE ${path}`)
    await api.call(api.unbound, `DELETE ${path}`, undefined, '*')
    const events = api.server.events.map((event) => [event.action, event.target, event.reason])
    expect(events).toEqual([
      ['resource.create', `playlist#${id}`, 'already_exists'],
      ['resource.update', `playlist#${id}`, undefined],
      ['resource.delete', `playlist#${id}`, undefined],
      ['resource.delete', `playlist#${id}`, 'not_found'],
    ])
  })
})

describe('resource from a shell', () => {
  it('is created, or has its parts replaced', async () => {
    const perform = performOn(adminOf(api.server))
    const put = (parts: string[], workspace_id?: string) =>
      putResource(
        perform,
        { type: 'playlist', id: 'put' },
        { parts, ...(workspace_id && { workspace_id }) },
      )
    expect(await put(['a'])).toMatchObject({ workspace_id: 'default', parts: ['a'] })
    expect(await put(['b'])).toMatchObject({ workspace_id: 'default', parts: ['b'] })
    expect(await put([], 'default')).toMatchObject({ parts: [] })
    await expect(put([], 'acme')).rejects.toMatchObject({ code: 'already_exists' })
  })

  it('is not named by a token whose details are no list', async () => {
    const { id } = await api.client([RUN])
    for (const details of [null, {}, 'x', [null]]) {
      const issued = issueTokenFor(adminOf(api.server), id, { audience: 'docs', details })
      await expect(issued).rejects.toMatchObject({ code: 'details_malformed' })
    }
  })
})

describe('list of resources', () => {
  it('is complete in parts, and has filters', async () => {
    for (const type of ['chair', 'desk', 'lamp']) await create('same', [], { type })
    const whole = ids(await api.call(api.unbound, 'GET /resources?workspace_id=acme'))
    const parts: string[] = []
    let cursor: unknown = ''
    while (cursor !== null) {
      const query = `workspace_id=acme&limit=1${cursor === '' ? '' : `&cursor=${String(cursor)}`}`
      const part = await api.call(api.unbound, `GET /resources?${query}`)
      parts.push(...ids(part))
      cursor = part.body['next_cursor']
      expect(parts.length).toBeLessThanOrEqual(whole.length)
    }
    expect(parts).toEqual(whole)
    expect(parts).toEqual(expect.arrayContaining(['chair same', 'desk same', 'lamp same']))
    const rooms = await api.call(api.unbound, 'GET /resources?type=room&workspace_id=globex')
    expect(ids(rooms)).toEqual(['room hall'])
    expect(ids(await api.call(api.unbound, 'GET /resources?type=nope'))).toEqual([])
    const refused = await api.call(api.unbound, 'GET /resources?parts=a')
    expect(problem(refused)).toMatchObject({ status: 422, fields: ['parts'] })
  })
})

describe('administrator bound to a workspace', () => {
  it('sees resources of its workspace only', async () => {
    const list = async (query = '') => ids(await api.call(api.globex, `GET /resources${query}`))
    expect(await list()).toEqual(['playlist night', 'room hall'])
    expect(await list('?workspace_id=globex&type=room')).toEqual(['room hall'])
    expect(await list('?workspace_id=acme')).toEqual([])
    expect(await list('?workspace_id=nope')).toEqual([])
  })

  it('creates, changes and deletes resources of its workspace', async () => {
    const body = { type: 'playlist', id: 'dawn', parts: ['a'] }
    const answer = await api.call(api.globex, 'POST /resources', body)
    expect(answer.body).toMatchObject({ ...body, workspace_id: 'globex' })
    const path = '/resources/playlist/dawn'
    expect((await api.change(api.globex, `PUT ${path}`, { parts: [] })).status).toBe(200)
    expect((await api.change(api.globex, `DELETE ${path}`)).status).toBe(200)
  })

  it.each([
    ['GET', undefined],
    ['PUT', { parts: [] }],
    ['DELETE', undefined],
  ])('gets 404 for resources of another workspace: %s', async (method, body) => {
    const answer = async (id: string) => {
      const address = `${method} /resources/playlist/${id}`
      return seen(await api.unchangedBy(() => api.call(api.globex, address, body, '*')), id)
    }
    const refused = await answer('evening')
    expect(refused.status).toBe(404)
    expect(refused).toEqual(await answer('nope'))
  })

  it('cannot create a resource in another workspace, or tell whether it exists', async () => {
    const answer = async (workspace_id: string) => {
      const request = () => create('new', [], { workspace_id }, api.globex)
      return seen(await api.unchangedBy(request), workspace_id)
    }
    const refused = await answer('acme')
    expect(refused.status).toBe(422)
    expect(refused).toEqual(await answer('nope'))
  })
})

// Authorization details of a client over the API: refused details, effects, and details that no
// caller can grant.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MAX_DETAILS } from '../../src/constants.ts'
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

const without = (entry: Detail, name: string): object =>
  Object.fromEntries(Object.entries(entry).filter(([member]) => member !== name))

describe('authorization details', () => {
  it('are shown as they were written, with the etag of the client', async () => {
    const details = [RUN, ANY, playlist('evening', { volume: 5, days: ['mo', 1], loud: false })]
    const answer = await put(details)
    expect([answer.status, answer.body]).toEqual([
      200,
      { authorization_details: details, etag: expect.any(String) as string },
    ])
    const read = await api.call(api.unbound, `GET ${own}/authorization-details`)
    expect(read.body).toEqual(answer.body)
    const shown = await api.call(api.unbound, `GET ${own}`)
    expect(shown.body).toMatchObject(answer.body)
    for (const { headers } of [answer, read, shown]) {
      expect(headers.get('etag')).toBe(`"${String(answer.body['etag'])}"`)
    }
  })

  it('may be set with a new client', async () => {
    const created = await api.call(api.unbound, 'POST /clients', {
      name: 'new',
      workspace_id: 'acme',
      ...given(HELD),
    })
    expect([created.status, created.body['authorization_details']]).toEqual([201, HELD])
    const none = await api.call(api.unbound, 'POST /clients', { name: 'new' })
    expect(none.body['authorization_details']).toEqual([])
  })

  it('grant nothing with empty lists', async () => {
    const nothing = playlist('evening', { actions: [], parts: [] })
    expect((await put([nothing])).status).toBe(200)
    const asked = (members: object) =>
      api.server.requestToken(
        { authorization_details: JSON.stringify([{ type: 'playlist', ...members }]) },
        { basic: client },
      )
    for (const members of [{ actions: ['play'] }, { parts: ['a'] }, { parts: '*' }]) {
      expect((await asked(members)).status).toBe(400)
    }
    const answer = (await (await asked({})).json()) as Record<string, unknown>
    expect(answer['authorization_details']).toEqual([nothing])
  })

  it('are written only with the current etag', async () => {
    const write = (ifMatch?: string) =>
      api.call(api.unbound, `PUT ${own}/authorization-details`, given([RUN]), ifMatch)
    const { headers } = await api.call(api.unbound, `GET ${own}`)
    await api.change(api.unbound, `PATCH ${own}`, { name: 'Overtaken' })
    const refused = await api.unchangedBy(() => write())
    expect(problem(refused)).toMatchObject({ status: 428, code: 'precondition_required' })
    for (const stale of [headers.get('etag') ?? '', '"nope"']) {
      const answer = await api.unchangedBy(() => write(stale))
      expect(problem(answer)).toMatchObject({ status: 412, code: 'conflict' })
    }
    expect((await write('*')).status).toBe(200)
  })

  it('are audited once for each change and refusal', async () => {
    const events = async (request: () => Promise<unknown>) => {
      api.server.events.length = 0
      await request()
      return api.server.events.map(({ action, target, outcome, reason }) => ({
        action,
        target,
        outcome,
        ...(reason !== undefined && { reason }),
      }))
    }
    const event = { action: 'client.details', target: client.id }
    expect(await events(() => put([RUN]))).toEqual([{ ...event, outcome: 'success' }])
    expect(await events(() => put([playlist('nope')]))).toEqual([
      { ...event, outcome: 'refused', reason: 'unknown_reference' },
    ])
    expect(await events(() => put([ANY], api.acme))).toEqual([
      { ...event, outcome: 'refused', reason: 'exceeds_own_grant' },
    ])
  })
})

describe('authorization details', () => {
  type Case = [title: string, details: unknown, field: string, code?: string]
  const cases: Case[] = [
    ['a target that does not exist', [playlist('nope')], '0.identifier', 'unknown_reference'],
    ['a target of another workspace', [playlist('night')], '0.identifier', 'unknown_reference'],
    [
      'a target of another type',
      [{ ...ANY, type: 'room', identifier: 'evening' }],
      '0.identifier',
      'unknown_reference',
    ],
    [
      'any target of a type of another workspace',
      [{ ...ANY, type: 'room' }],
      '0.type',
      'unknown_reference',
    ],
    [
      'any target of a type that does not exist',
      [{ ...ANY, type: 'nope' }],
      '0.type',
      'unknown_reference',
    ],
    [
      'a part that does not exist',
      [playlist('evening', { parts: ['a', 'z'] })],
      '0.parts',
      'unknown_reference',
    ],
    [
      'a part of another target',
      [playlist('evening', { parts: ['c'] })],
      '0.parts',
      'unknown_reference',
    ],
    ['a part of any target', [playlist('*', { parts: ['a'] })], '0.parts'],
    [
      'a wrong entry after a right one',
      [RUN, playlist('nope')],
      '1.identifier',
      'unknown_reference',
    ],
    ...['identifier', 'actions', 'parts'].map((name): Case => [
      `a playlist without ${name}`,
      [RUN, without(playlist('evening'), name)],
      `1.${name}`,
    ]),
    ...['identifier', 'project_id', 'locations', 'actions'].map((name): Case => [
      `a run without ${name}`,
      [without(RUN, name)],
      `0.${name}`,
    ]),
    ['an entry without a type', [without(RUN, 'type')], '0.type'],
    ['any project', [{ ...RUN, project_id: '*' }], '0.project_id'],
    ['an asterisk in a list', [playlist('evening', { parts: ['a', '*'] })], '0.parts'],
    ['null for an asterisk', [{ ...ANY, actions: null }], '0.actions'],
    ['true for an asterisk', [{ ...ANY, actions: true }], '0.actions'],
    ['a text in place of a list', [{ ...ANY, actions: 'play' }], '0.actions'],
    ['a list in place of an id', [{ ...ANY, identifier: ['evening'] }], '0.identifier'],
    ['a repeated part', [playlist('evening', { parts: ['a', 'a'] })], '0.parts'],
    ['a nested member', [{ ...RUN, more: { a: 1 } }], '0.more'],
    ['a repeated entry', [RUN, RUN], ''],
    [
      'a repeated entry in another order',
      [playlist('evening'), playlist('evening', { parts: ['b', 'a'] })],
      '',
    ],
    ['a text as an entry', ['playlist'], '0'],
    ['null as an entry', [null], '0'],
    ['an object as the list', { 0: RUN }, ''],
    ['null as the list', null, ''],
    [
      'too many entries',
      Array.from({ length: MAX_DETAILS + 1 }, (_, i) => ({ ...RUN, identifier: `${i}` })),
      '',
    ],
    [
      'the member __proto__',
      JSON.parse(JSON.stringify([RUN]).replace('{', '{"__proto__":{},')),
      '0',
    ],
  ]
  describe.each(METHODS)('written by %s', (method) => {
    it.each(cases)('are refused with %s', async (_title, details, path, code = 'invalid_value') => {
      const answer = await api.unchangedBy(() => give(method, details))
      const fields = [['authorization_details', path].filter(Boolean).join('.')]
      expect(problem(answer)).toEqual({ status: 422, code, fields })
    })
  })

  it('are refused alike for a target elsewhere and a missing one', async () => {
    const answer = async (id: string) => seen(await put([playlist(id)]), id)
    expect(await answer('night')).toEqual(await answer('nope'))
    const anyOf = async (type: string) => seen(await put([{ ...ANY, type }]), type)
    expect(await anyOf('room')).toEqual(await anyOf('door'))
  })

  it('are refused when the list is missing or has something beside it', async () => {
    for (const body of [{}, { ...given([]), name: 'x' }, { details: [] }]) {
      const address = `PUT ${own}/authorization-details`
      const answer = await api.unchangedBy(() => api.change(api.unbound, address, body))
      expect(problem(answer)).toMatchObject({ status: 422, code: 'invalid_value' })
    }
  })

  it('are refused to an administrator who may only read', async () => {
    const { headers } = await api.call(api.unbound, `GET ${own}`)
    const write = () =>
      api.call(
        api.unbound,
        `PUT ${own}/authorization-details`,
        given([]),
        headers.get('etag'),
        'admin:read',
      )
    expect(problem(await api.unchangedBy(write))).toMatchObject({ status: 403 })
  })

  it('answer 404 for a client of another workspace, as for a missing one', async () => {
    for (const method of ['GET', 'PUT']) {
      const answer = async (id: string) => {
        const body = method === 'GET' ? undefined : given([])
        const address = `${method} /clients/${id}/authorization-details`
        return seen(await api.unchangedBy(() => api.call(api.globex, address, body, '*')), id)
      }
      const refused = await answer(client.id)
      expect(refused.status).toBe(404)
      expect(refused).toEqual(await answer('lkc_AAAAAAAAAAAAAAAAAAAAAA'))
    }
  })
})

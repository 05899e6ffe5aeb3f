import { describe, expect, it } from 'vitest'
import type { AuthorizationDetail, Resource, Store } from '../../../src/store/store.ts'
import { type Current, type Open, useDatabase } from './database.ts'
import {
  createdClient,
  createdResource,
  newWorkspace,
  NOW,
  playlist,
  theClient,
  theResource,
  token,
} from './records.ts'

const named = ({ type, id }: Resource): string => `${type} ${id}`

const RUN: AuthorizationDetail = {
  type: 'tool_run',
  identifier: 'evening',
  project_id: 'p1',
  locations: ['b'],
  actions: ['b'],
  parts: ['b'],
}

type Case = {
  title: string
  detail: AuthorizationDetail
  /**
   * The detail after the part `b` of the playlist `evening` was removed; absent when it does not
   * change.
   */
  left?: AuthorizationDetail
  /** True when tokens are revoked: by the removal of the part, and of the playlist. */
  dies: [taken: boolean, deleted: boolean]
  /** True when the detail is removed with the playlist. */
  goes?: boolean
  workspaceId?: string
}

const LIMITS = { level: 1e-7, most: 1e21, loud: false, days: ['mo', 2, true], at: 'zwölf 🔑 "\\' }

const CASES: Case[] = [
  {
    title: 'the part and others',
    detail: playlist('evening', { parts: ['a', 'b', 'c'], ...LIMITS }),
    left: playlist('evening', { parts: ['a', 'c'], ...LIMITS }),
    dies: [true, true],
    goes: true,
  },
  {
    title: 'the part alone',
    detail: playlist('evening', { parts: ['b'] }),
    left: playlist('evening', { parts: [] }),
    dies: [true, true],
    goes: true,
  },
  { title: 'all parts', detail: playlist('evening'), dies: [true, true], goes: true },
  {
    title: 'another part',
    detail: playlist('evening', { parts: ['a'], actions: ['b'], days: ['b'] }),
    dies: [false, true],
    goes: true,
  },
  {
    title: 'no part',
    detail: playlist('evening', { parts: [] }),
    dies: [false, true],
    goes: true,
  },
  { title: 'all parts of any', detail: playlist('*'), dies: [true, true] },
  { title: 'no part of any', detail: playlist('*', { parts: [] }), dies: [false, true] },
  {
    title: 'a part with this id of another',
    detail: playlist('morning', { parts: ['b'] }),
    dies: [false, false],
  },
  {
    title: 'one with this id of another type',
    detail: { ...playlist('evening', { parts: ['b'] }), type: 'room' },
    dies: [false, false],
  },
  {
    title: 'any of another type',
    detail: { ...playlist('*'), type: 'room' },
    dies: [false, false],
  },
  { title: 'a run with this id', detail: RUN, dies: [false, false] },
  {
    title: 'any of another workspace',
    detail: playlist('*'),
    dies: [false, false],
    workspaceId: 'acme',
  },
  {
    title: 'another of another workspace',
    detail: playlist('night', { parts: ['b'] }),
    dies: [false, false],
    workspaceId: 'acme',
  },
]

/** Playlists and rooms, and a client for each case. */
const fill = async (store: Store): Promise<Resource> => {
  await store.createWorkspace(newWorkspace('acme'), NOW)
  const parts = ['a', 'b', 'c']
  for (const [type, id] of [
    ['playlist', 'morning'],
    ['room', 'evening'],
  ] as const) {
    await createdResource(store, type, id, { parts })
  }
  await createdResource(store, 'playlist', 'night', { parts, workspaceId: 'acme' })
  const evening = await createdResource(store, 'playlist', 'evening', { parts })
  for (const { title, detail, workspaceId = 'default' } of CASES) {
    await createdClient(store, title, { workspaceId, details: [detail] })
  }
  return evening
}

/** Expects the details of each client, and a rule for exactly those whose tokens are revoked. */
const expectOutcome = async (
  { store, query }: Current,
  outcome: (of: Case) => { details: AuthorizationDetail[]; dies: boolean },
): Promise<void> => {
  const dead: string[] = []
  for (const one of CASES) {
    const { details, dies } = outcome(one)
    const { generation, ...client } = await theClient(store, one.title)
    const subject = await store.findGrantedClient(one.title)
    expect([client.details, generation], one.title).toEqual([details, dies ? 2 : 1])
    expect([subject?.details, subject?.generation], one.title).toEqual([details, generation])
    const claims = token({ clientId: one.title, clientGen: 1 })
    expect(await store.findRevocation(claims), one.title).toBe(dies ? 'client' : null)
    if (dies) dead.push(one.title)
  }
  const rules = await query('select kind, value, gen from revocations order by value')
  expect(rules).toEqual(dead.sort().map((value) => ({ kind: 'client', value, gen: 2 })))
}

export const partContract = (open: Open): void => {
  describe('parts of a resource', () => {
    const database = useDatabase(open)

    it('are removed from all details that have them, and from no others', async () => {
      const { store } = database
      const before = await fill(store)
      const etags = new Map((await store.listClients()).map(({ id, etag }) => [id, etag]))
      await store.updateResource(before, ['c', 'a'], NOW)

      const after = await theResource(store, 'playlist', 'evening')
      expect(after).toEqual({ ...before, parts: ['c', 'a'], etag: after.etag })
      expect(after.etag).not.toBe(before.etag)
      await expectOutcome(database, ({ detail, left = detail, dies: [dies] }) => ({
        details: [left],
        dies,
      }))
      for (const { title, dies } of CASES) {
        expect((await theClient(store, title)).etag === etags.get(title), title).toBe(!dies[0])
      }
    })

    it('leave an empty list when all are removed, which never means all of them', async () => {
      const { store } = database
      const before = await createdResource(store, 'playlist', 'evening', { parts: ['a', 'b'] })
      await createdClient(store, 'client', {
        details: [playlist('evening', { parts: ['a', 'b'] })],
      })
      await store.updateResource(before, [], NOW)
      expect((await theClient(store, 'client')).details).toEqual([
        playlist('evening', { parts: [] }),
      ])
    })

    it('can be added or reordered without effect on clients', async () => {
      const { store, query } = database
      const before = await fill(store)
      const clients = await query('select * from clients order by id')
      for (const parts of [
        ['a', 'b', 'c', 'd'],
        ['d', 'c', 'b', 'a'],
      ]) {
        await store.updateResource(await theResource(store, 'playlist', 'evening'), parts, NOW)
        expect((await theResource(store, 'playlist', 'evening')).parts).toEqual(parts)
      }
      await expectOutcome(database, ({ detail }) => ({ details: [detail], dies: false }))
      expect(await query('select * from clients order by id')).toEqual(clients)
      expect(before.parts).toEqual(['a', 'b', 'c'])
    })

    it('return to no detail when they come again', async () => {
      const { store } = database
      const before = await fill(store)
      await store.updateResource(before, ['a', 'c'], NOW)
      await store.updateResource(await theResource(store, 'playlist', 'evening'), before.parts, NOW)
      await expectOutcome(database, ({ detail, left = detail, dies: [dies] }) => ({
        details: [left],
        dies,
      }))
    })

    it('are deleted with the resource and all details of it, and no others', async () => {
      const { store } = database
      await store.deleteResource(await fill(store), NOW)
      expect(await store.findResource('playlist', 'evening')).toBeNull()
      expect((await store.listResources()).map(named).sort()).toEqual([
        'playlist morning',
        'playlist night',
        'room evening',
      ])
      await expectOutcome(database, ({ detail, goes, dies: [, dies] }) => ({
        details: goes ? [] : [detail],
        dies,
      }))
    })

    it('leave the other details of a client unchanged, in their order', async () => {
      const { store } = database
      await createdResource(store, 'playlist', 'morning', { parts: ['b'] })
      const evening = await createdResource(store, 'playlist', 'evening', { parts: ['a', 'b'] })
      const others = [playlist('morning', { parts: ['b'] }), RUN, playlist('*')]
      const details = [playlist('evening'), ...others, playlist('evening', { parts: ['b', 'a'] })]
      await createdClient(store, 'client', { details })
      await store.updateResource(evening, ['a'], NOW)
      const narrowed = [...details.slice(0, -1), playlist('evening', { parts: ['a'] })]
      expect((await theClient(store, 'client')).details).toEqual(narrowed)
      await store.deleteResource(await theResource(store, 'playlist', 'evening'), NOW)
      expect(await theClient(store, 'client')).toMatchObject({ details: others, generation: 3 })
    })

    it('leave deleted clients unchanged', async () => {
      const { store } = database
      const evening = await createdResource(store, 'playlist', 'evening', { parts: ['a'] })
      await createdClient(store, 'client', { details: [playlist('evening'), playlist('*')] })
      await store.deleteClient(await theClient(store, 'client'), NOW)
      expect(await database.query('select 1 from client_details')).toEqual([])
      const rules = await database.query('select * from revocations')
      await store.updateResource(evening, [], NOW)
      await store.deleteResource(await theResource(store, 'playlist', 'evening'), NOW)
      expect(await database.query('select * from revocations')).toEqual(rules)
    })
  })
}

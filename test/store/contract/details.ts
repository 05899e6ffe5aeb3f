import { describe, expect, it } from 'vitest'
import { MAX_DETAILS } from '../../../src/constants.ts'
import type { AuthorizationDetail, ClientChange, Store } from '../../../src/store/store.ts'
import { type Current, type Open, expectRefused, useDatabase } from './database.ts'
import {
  client,
  createdClient,
  createdResource,
  newWorkspace,
  NOW,
  playlist,
  theClient,
  theResource,
  token,
} from './records.ts'

const RUN: AuthorizationDetail = {
  type: 'tool_run',
  identifier: '*',
  project_id: 'p1',
  locations: ['/v1/issues'],
  actions: '*',
}
const BOTH = playlist('evening', { parts: ['a', 'b'] })
const HELD = [BOTH, RUN]

const CHANGES: { details: AuthorizationDetail[]; takes: boolean }[] = [
  { details: HELD, takes: false },
  { details: [RUN, BOTH], takes: false },
  { details: [RUN, { ...BOTH, parts: ['b', 'a'] }], takes: false },
  { details: [...HELD, playlist('*')], takes: false },
  { details: [BOTH], takes: true },
  { details: [{ ...BOTH, parts: ['a'] }, RUN], takes: true },
  { details: [{ ...BOTH, parts: '*' }, RUN], takes: true },
  { details: [{ ...BOTH, level: 1 }, RUN], takes: true },
  { details: [], takes: true },
]

/** Details that point at nothing, or outside the workspace `default`. */
const DANGLING: Record<string, AuthorizationDetail> = {
  'no resource': playlist('nope'),
  'a resource of another type': { ...playlist('evening'), type: 'room' },
  'a resource of another workspace': playlist('night'),
  'a deleted resource': playlist('gone'),
  'a missing part': playlist('evening', { parts: ['a', 'z'] }),
  'a part in capitals': playlist('evening', { parts: ['A'] }),
}

/** Targets that can go while a client gets a detail of them. */
const GOING: [title: string, go: (store: Store) => Promise<void>][] = [
  [
    'the part',
    async (store) =>
      store.updateResource(await theResource(store, 'playlist', 'evening'), ['a'], NOW),
  ],
  [
    'the resource',
    async (store) => store.deleteResource(await theResource(store, 'playlist', 'evening'), NOW),
  ],
]

const fill = async ({ store }: Current): Promise<void> => {
  await store.createWorkspace(newWorkspace('acme'), NOW)
  await createdResource(store, 'playlist', 'evening', { parts: ['a', 'b'] })
  await createdResource(store, 'playlist', 'night', { parts: ['a'], workspaceId: 'acme' })
  const gone = await createdResource(store, 'playlist', 'gone', { parts: ['a'] })
  await store.deleteResource(gone, NOW)
}

export const detailContract = (open: Open): void => {
  describe('authorization details of a client', () => {
    const database = useDatabase(open)

    it('are returned as they were stored, for every kind of value', async () => {
      const { store } = database
      await fill(database)
      const odd = {
        most: 1e21,
        least: 5e-324,
        whole: Number.MAX_SAFE_INTEGER,
        part: -0.1,
        no: false,
        text: 'a"b\\c\u0000\u2028\n',
        wide: 'é🔑',
        half: '\ud800',
        any: '*',
        none: [],
        mixed: [1, '1', true, 'true'],
        constructor: 'x',
        'a.b': 'c',
        "a'b": 1,
        '$.x': 2,
      }
      const long = Array.from({ length: 500 }, (_, i) => `action-${i}`)
      const details = [
        { ...RUN, ...odd, identifier: "'; drop table clients --" },
        { ...RUN, actions: long },
        ...Array.from({ length: MAX_DETAILS - 2 }, (_, i) => ({ ...RUN, identifier: `run-${i}` })),
      ] as AuthorizationDetail[]
      await createdClient(store, 'client', { details })
      const read = (await theClient(store, 'client')).details
      expect(read).toEqual(details)
      expect(read.map((entry) => Object.keys(entry))).toEqual(details.map((e) => Object.keys(e)))
      expect((await store.findGrantedClient('client'))?.details).toEqual(details)
      expect((await store.listClients()).find(({ id }) => id === 'client')?.details).toEqual(
        details,
      )
    })

    it.each(CHANGES)(
      'revoke the tokens on a change to $details: $takes, case %#',
      async ({ details, takes }) => {
        const { store } = database
        await fill(database)
        const before = await createdClient(store, 'client', { details: HELD })
        await createdClient(store, 'other', { details: HELD })
        await store.updateClient(before, { details }, NOW)
        const after = await theClient(store, 'client')
        const generation = takes ? 2 : 1
        expect(after).toEqual({ ...before, details, generation, etag: after.etag })
        const revocation = (clientId: string) =>
          store.findRevocation(token({ clientId, clientGen: 1 }))
        expect(await revocation('client')).toBe(takes ? 'client' : null)
        expect(await revocation('other')).toBeNull()
        expect(await theClient(store, 'other')).toMatchObject({ details: HELD, generation: 1 })
      },
    )

    it('stay the same when something else changes', async () => {
      const { store } = database
      await fill(database)
      const before = await createdClient(store, 'client', { details: HELD })
      await store.updateClient(before, { name: 'New' }, NOW)
      expect(await theClient(store, 'client')).toMatchObject({ details: HELD, generation: 1 })
    })

    it.each(Object.entries(DANGLING))(
      'are refused completely when one points at %s',
      async (_, dangling) => {
        const { store } = database
        await fill(database)
        const before = await createdClient(store, 'client', { details: HELD })
        const details = [RUN, dangling]
        const change: ClientChange = { name: 'New', introspects: ['api'], details }
        await expectRefused(database, 'conflict', () => store.updateClient(before, change, NOW))
        const fresh = client('new', { details, plugins: ['fresh'], createPlugins: true })
        await expectRefused(database, 'conflict', () => store.createClient(fresh, NOW))
      },
    )

    it('cannot point at a resource when the client is in no workspace', async () => {
      const create = (detail: AuthorizationDetail) => () =>
        database.store.createClient(client('new', { workspaceId: null, details: [detail] }), NOW)
      await fill(database)
      await expectRefused(database, 'conflict', create(playlist('evening')))
      await create(RUN)()
    })

    it.each(GOING)(
      'are refused completely when %s has gone since they were read',
      async (_, go) => {
        const { store } = database
        await fill(database)
        const before = await createdClient(store, 'client', { details: [RUN] })
        await go(await database.another())
        await expectRefused(database, 'conflict', () =>
          store.updateClient(before, { name: 'New', details: HELD }, NOW),
        )
      },
    )

    it.each(GOING)('stay valid when %s goes at the same time', async (_, go) => {
      const { store } = database
      await fill(database)
      const other = await database.another()
      const ids = ['one', 'two', 'three']
      for (const id of ids) await createdClient(store, id)
      const give = async (own: Store, id: string): Promise<void> =>
        own.updateClient(await theClient(own, id), { details: HELD }, NOW)
      const [, gone] = await Promise.allSettled([
        give(store, 'one'),
        go(other),
        give(store, 'two'),
        give(other, 'three'),
      ])
      expect(gone?.status).toBe('fulfilled')
      const parts = (await store.findResource('playlist', 'evening'))?.parts ?? ['nothing']
      for (const id of ids) {
        const { details } = await theClient(store, id)
        for (const entry of details.filter(({ type }) => type === 'playlist')) {
          expect(entry, id).toEqual(playlist('evening', { parts }))
        }
      }
    })
  })
}

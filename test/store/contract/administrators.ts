import { describe, expect, it } from 'vitest'
import type { ClientChange, NewAudience, Store } from '../../../src/store/store.ts'
import { type Open, expectRefused, useDatabase } from './database.ts'
import {
  NOW,
  administrator,
  audience,
  createdClient,
  createdPlugin,
  secret,
  theAudience,
  theClient,
} from './records.ts'

type Route = { title: string; take: (store: Store) => Promise<unknown> }

const READ_ONLY = [{ audience: 'latchkey', permissions: ['admin:read'] }]

const changeClient = (title: string, change: ClientChange): Route => ({
  title,
  take: async (store) => await store.updateClient(await theClient(store, 'root'), change, NOW),
})

const changeAudience = (title: string, change: Partial<Omit<NewAudience, 'id'>>): Route => ({
  title,
  take: async (store) =>
    await store.updateAudience(await theAudience(store, 'latchkey'), change, NOW),
})

/** Every way in which `root` stops being an administrator who can log in for good. */
const OWN_ROUTES: Route[] = [
  changeClient('the client is disabled', { status: 'disabled' }),
  changeClient('the permission is taken', { grants: READ_ONLY }),
  changeClient('all grants are taken', { grants: [] }),
  {
    title: 'the client is deleted',
    take: async (store) => await store.deleteClient(await theClient(store, 'root'), NOW),
  },
  {
    title: 'the secret is revoked',
    take: (store) => store.revokeSecret('root', 'root-secret', NOW),
  },
  {
    title: 'the secret is made to expire, by one that expires too',
    take: (store) => store.addSecret('root', secret('new', NOW + 9), NOW + 9, NOW),
  },
]

/** Ways in which nobody is an administrator any more. */
const SHARED_ROUTES: Route[] = [
  changeAudience('the permission is removed from the audience', {
    permissions: audience('', { 'admin:read': [] }).permissions,
  }),
  changeAudience('the audience needs a plugin, which they lack', { requiresPlugin: true }),
]

/** Clients that look like a second administrator and are none that could help. */
const NO_HELP: Record<string, (store: Store) => Promise<unknown>> = {
  'one bound to a workspace': (store) =>
    store.createClient({ ...administrator('bound'), workspaceId: 'default' }, NOW),
  'one who may only read': (store) =>
    store.createClient({ ...administrator('reader'), grants: READ_ONLY }, NOW),
  'one who is disabled': async (store) => {
    await store.createClient(administrator('off'), NOW)
    await store.updateClient(await theClient(store, 'off'), { status: 'disabled' }, NOW)
  },
  'one whose secret is revoked': async (store) => {
    await store.createClient(administrator('mute'), NOW)
    await store.revokeSecret('mute', 'mute-secret', NOW)
  },
  'one whose secret ends by itself': (store) =>
    store.createClient({ ...administrator('late'), secret: secret('late', NOW + 99_999) }, NOW),
}

export const administratorContract = (open: Open): void => {
  describe('the last administrator', () => {
    const database = useDatabase(open)

    it.each([...OWN_ROUTES, ...SHARED_ROUTES])('stays where $title', async ({ take }) => {
      await expectRefused(database, 'last_administrator', () => take(database.store))
    })

    it.each(OWN_ROUTES)('is not the last where there is another: $title', async ({ take }) => {
      await database.store.createClient(administrator('second'), NOW)
      await take(database.store)
      await expectRefused(database, 'last_administrator', async () =>
        database.store.deleteClient(await theClient(database.store, 'second'), NOW),
      )
    })

    it.each(SHARED_ROUTES)('stays, together with the others, where $title', async ({ take }) => {
      await database.store.createClient(administrator('second'), NOW)
      await expectRefused(database, 'last_administrator', () => take(database.store))
    })

    it.each(Object.entries(NO_HELP))('is not relieved by %s', async (_, create) => {
      await create(database.store)
      for (const { take } of OWN_ROUTES) {
        await expectRefused(database, 'last_administrator', () => take(database.store))
      }
    })

    it('stays where two processes each remove one of the last two', async () => {
      const { store } = database
      await store.createClient(administrator('second'), NOW)
      const other = await database.another()
      const [root, second] = [await theClient(store, 'root'), await theClient(other, 'second')]
      const removals = await Promise.allSettled([
        store.deleteClient(root, NOW),
        other.revokeSecret(second.id, 'second-secret', NOW),
      ])
      expect(removals.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(removals).toContainEqual({
        status: 'rejected',
        reason: expect.objectContaining({ code: 'last_administrator' }),
      })
    })

    it('can change what is no danger: a secret, a name, tokens, the audience', async () => {
      const { store } = database
      await store.addSecret('root', secret('new'), NOW, NOW)
      expect((await store.listSecrets('root', NOW)).map(({ id }) => id)).toEqual(['new'])
      await store.updateClient(await theClient(store, 'root'), { name: 'Renamed' }, NOW)
      await store.revokeClientTokens('root', NOW)
      await store.updateAudience(await theAudience(store, 'latchkey'), { tokenTtl: 60 }, NOW)
      expect(await theClient(store, 'root')).toMatchObject({ name: 'Renamed', generation: 2 })
    })

    it('keeps its plugin where the audience needs one', async () => {
      const { store } = database
      await createdPlugin(store, 'console')
      await store.updateClient(await theClient(store, 'root'), { plugins: ['console'] }, NOW)
      const before = await theAudience(store, 'latchkey')
      await store.updateAudience(before, { requiresPlugin: true }, NOW)
      await expectRefused(database, 'last_administrator', async () =>
        store.updateClient(await theClient(store, 'root'), { plugins: [] }, NOW),
      )
    })

    it('says nothing about other clients', async () => {
      const { store } = database
      await createdClient(store, 'plain')
      await store.revokeSecret('plain', 'plain-secret', NOW)
      await store.updateClient(await theClient(store, 'plain'), { status: 'disabled' }, NOW)
      await store.deleteClient(await theClient(store, 'plain'), NOW)
      expect((await store.listClients()).map(({ id }) => id)).toEqual(['root'])
    })
  })
}

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
  thePlugin,
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

/** All ways in which `root` can stop being an administrator who can log in without an expiry. */
const OWN_ROUTES: Route[] = [
  changeClient('the client is disabled', { status: 'disabled' }),
  changeClient('the permission is removed', { grants: READ_ONLY }),
  changeClient('all grants are removed', { grants: [] }),
  {
    title: 'the client is deleted',
    take: async (store) => await store.deleteClient(await theClient(store, 'root'), NOW),
  },
  {
    title: 'the secret is revoked',
    take: (store) => store.revokeSecret('root', 'root-secret', NOW),
  },
  {
    title: 'the secret is replaced by one that expires',
    take: (store) => store.addSecret('root', secret('new', NOW + 9), NOW + 9, NOW),
  },
]

/** Ways in which all administrators lose their permission. */
const SHARED_ROUTES: Route[] = [
  changeAudience('the permission is removed from the audience', {
    permissions: audience('', { 'admin:read': [] }).permissions,
  }),
  changeAudience('the audience needs a plugin, which they lack', { requiresPlugin: true }),
]

/** Clients that resemble a second administrator, but do not count. */
const NO_HELP: Record<string, (store: Store) => Promise<unknown>> = {
  'an administrator bound to a workspace': (store) =>
    store.createClient({ ...administrator('bound'), workspaceId: 'default' }, NOW),
  'a client that may only read': (store) =>
    store.createClient({ ...administrator('reader'), grants: READ_ONLY }, NOW),
  'a disabled administrator': async (store) => {
    await store.createClient(administrator('off'), NOW)
    await store.updateClient(await theClient(store, 'off'), { status: 'disabled' }, NOW)
  },
  'an administrator whose secret is revoked': async (store) => {
    await store.createClient(administrator('mute'), NOW)
    await store.revokeSecret('mute', 'mute-secret', NOW)
  },
  'an administrator whose secret expires': (store) =>
    store.createClient({ ...administrator('late'), secret: secret('late', NOW + 99_999) }, NOW),
  'an administrator whose only plugin is disabled': async (store) => {
    const plugin = await createdPlugin(store, 'console')
    await store.createClient({ ...administrator('idle'), plugins: ['console'] }, NOW)
    await store.updatePlugin(plugin, { status: 'disabled' }, NOW)
  },
}

const expiring = (id: string, expiresAt = NOW + 99) => ({
  ...administrator(id),
  secret: secret(`${id}-secret`, expiresAt),
})

export const administratorContract = (open: Open): void => {
  describe('last administrator', () => {
    const database = useDatabase(open)

    it.each([...OWN_ROUTES, ...SHARED_ROUTES])(
      'is protected by a refusal: $title',
      async ({ take }) => {
        await expectRefused(database, 'last_administrator', () => take(database.store))
      },
    )

    it.each(OWN_ROUTES)('may go when there is another: $title', async ({ take }) => {
      await database.store.createClient(administrator('second'), NOW)
      await take(database.store)
      await expectRefused(database, 'last_administrator', async () =>
        database.store.deleteClient(await theClient(database.store, 'second'), NOW),
      )
    })

    it.each(SHARED_ROUTES)(
      'is protected by a refusal, together with the others: $title',
      async ({ take }) => {
        await database.store.createClient(administrator('second'), NOW)
        await expectRefused(database, 'last_administrator', () => take(database.store))
      },
    )

    it.each(Object.entries(NO_HELP))('is still the last one beside %s', async (_, create) => {
      await create(database.store)
      for (const { take } of OWN_ROUTES) {
        await expectRefused(database, 'last_administrator', () => take(database.store))
      }
    })

    it('stays when two processes each remove one of the last two', async () => {
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

    it('can get another secret and name, have its tokens revoked and its audience changed', async () => {
      const { store } = database
      await store.addSecret('root', secret('new'), NOW, NOW)
      expect((await store.listSecrets('root', NOW)).map(({ id }) => id)).toEqual(['new'])
      await store.updateClient(await theClient(store, 'root'), { name: 'Renamed' }, NOW)
      await store.revokeClientTokens('root', NOW)
      await store.updateAudience(await theAudience(store, 'latchkey'), { tokenTtl: 60 }, NOW)
      expect(await theClient(store, 'root')).toMatchObject({ name: 'Renamed', generation: 2 })
    })

    const PLUGIN_ENDS = {
      disabled: async (store: Store, id: string) =>
        store.updatePlugin(await thePlugin(store, id), { status: 'disabled' }, NOW),
      deleted: async (store: Store, id: string) =>
        store.deletePlugin(await thePlugin(store, id), NOW),
    }

    it.each(Object.entries(PLUGIN_ENDS))(
      'is protected by a refusal while its plugin would be %s',
      async (_, end) => {
        const { store } = database
        for (const id of ['console', 'spare']) await createdPlugin(store, id)
        await store.updateClient(await theClient(store, 'root'), { plugins: ['console'] }, NOW)
        await expectRefused(database, 'last_administrator', () => end(store, 'console'))
        await end(store, 'spare')
      },
    )

    it.each(Object.entries(PLUGIN_ENDS))(
      'may log in without a plugin once its plugins are %s, if the audience requires none',
      async (_, end) => {
        const { store } = database
        const ids = ['console', 'spare']
        for (const id of ids) await createdPlugin(store, id)
        await store.updateClient(await theClient(store, 'root'), { plugins: ids }, NOW)
        await end(store, 'console')
        await end(store, 'spare')
        expect(await theClient(store, 'root')).toMatchObject({ plugins: ids })
      },
    )

    /** Administrators that name the plugin `console`, and are not the last ones that can log in for its sake. */
    const SPARED: Record<string, (store: Store) => Promise<unknown>> = {
      'a disabled administrator names': async (store) => {
        await store.createClient({ ...administrator('off'), plugins: ['console'] }, NOW)
        await store.updateClient(await theClient(store, 'off'), { status: 'disabled' }, NOW)
      },
      'an administrator with an expired secret names': (store) =>
        store.createClient({ ...expiring('late', NOW), plugins: ['console'] }, NOW),
      'an administrator with a second plugin names': (store) =>
        store.createClient({ ...expiring('both'), plugins: ['console', 'spare'] }, NOW),
      'one of several administrators names': (store) =>
        store.createClient({ ...expiring('one'), plugins: ['console'] }, NOW),
    }
    const ENDS_OF_SPARED = Object.keys(SPARED).flatMap((who) =>
      Object.keys(PLUGIN_ENDS).map((end) => [who, end as keyof typeof PLUGIN_ENDS] as const),
    )

    const expireRoot = (expiresAt: number): Promise<unknown> =>
      database.query(`update client_secrets set expires_at = ${expiresAt} where client_id = 'root'`)

    it.each(ENDS_OF_SPARED)(
      'keeps no plugin that %s from being %s, where no secret lasts for good',
      async (who, end) => {
        const { store } = database
        for (const id of ['console', 'spare']) await createdPlugin(store, id)
        await SPARED[who]?.(store)
        await expireRoot(NOW + 9)
        await PLUGIN_ENDS[end](store, 'console')
        expect((await store.listPlugins({ status: 'active' })).map(({ id }) => id)).toEqual([
          'spare',
        ])
      },
    )

    it.each(Object.entries(PLUGIN_ENDS))(
      'is protected while its plugin would be %s, also where its secret expires',
      async (_, end) => {
        const { store } = database
        await createdPlugin(store, 'console')
        await store.createClient({ ...expiring('late'), plugins: ['console'] }, NOW)
        await expireRoot(NOW)
        await expectRefused(database, 'last_administrator', () => end(store, 'console'))
      },
    )

    it('keeps no plugin that was disabled before', async () => {
      const { store } = database
      await createdPlugin(store, 'console')
      await store.createClient({ ...expiring('late'), plugins: ['console'] }, NOW)
      await PLUGIN_ENDS.disabled(store, 'console')
      await expireRoot(NOW)
      await PLUGIN_ENDS.deleted(store, 'console')
      expect(await store.findPlugin('console')).toBeNull()
    })

    it('keeps its plugin when the audience needs one', async () => {
      const { store } = database
      await createdPlugin(store, 'console')
      await store.updateClient(await theClient(store, 'root'), { plugins: ['console'] }, NOW)
      const before = await theAudience(store, 'latchkey')
      await store.updateAudience(before, { requiresPlugin: true }, NOW)
      await expectRefused(database, 'last_administrator', async () =>
        store.updateClient(await theClient(store, 'root'), { plugins: [] }, NOW),
      )
    })

    it('restricts no changes of other clients', async () => {
      const { store } = database
      await createdClient(store, 'plain')
      await store.revokeSecret('plain', 'plain-secret', NOW)
      await store.updateClient(await theClient(store, 'plain'), { status: 'disabled' }, NOW)
      await store.deleteClient(await theClient(store, 'plain'), NOW)
      expect((await store.listClients()).map(({ id }) => id)).toEqual(['root'])
    })
  })
}

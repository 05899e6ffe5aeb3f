import { describe, expect, it } from 'vitest'
import { LAST_GENERATION } from '../../../src/constants.ts'
import type { PluginChange, TrustTier } from '../../../src/store/store.ts'
import { type Open, expectNoChange, expectRefused, useDatabase } from './database.ts'
import {
  NOW,
  client,
  createdClient,
  createdPlugin,
  plugin,
  theClient,
  thePlugin,
  token,
} from './records.ts'

type Case = { trust: TrustTier; change: PluginChange; takes: boolean }

const CAPABILITIES = ['connector:chat', 'store']

/**
 * Changes of a plugin with these capabilities and the snapshot `v1`, and whether they remove
 * something.
 */
const CASES: Case[] = [
  { trust: 'trusted', change: { name: 'Chat' }, takes: false },
  { trust: 'trusted', change: { snapshot: 'v2' }, takes: false },
  { trust: 'trusted', change: { snapshot: null }, takes: false },
  { trust: 'trusted', change: {}, takes: false },
  { trust: 'restricted', change: { trust: 'trusted' }, takes: false },
  { trust: 'restricted', change: { trust: 'bundled' }, takes: false },
  { trust: 'trusted', change: { trust: 'trusted' }, takes: false },
  { trust: 'trusted', change: { trust: 'bundled' }, takes: false },
  { trust: 'trusted', change: { trust: 'restricted' }, takes: true },
  { trust: 'bundled', change: { trust: 'trusted' }, takes: true },
  { trust: 'bundled', change: { trust: 'restricted' }, takes: true },
  { trust: 'trusted', change: { capabilities: [...CAPABILITIES, 'more'] }, takes: false },
  { trust: 'trusted', change: { capabilities: CAPABILITIES.toReversed() }, takes: false },
  { trust: 'trusted', change: { capabilities: ['store'] }, takes: true },
  { trust: 'trusted', change: { capabilities: [] }, takes: true },
  { trust: 'restricted', change: { trust: 'bundled', capabilities: [] }, takes: true },
  { trust: 'trusted', change: { status: 'active' }, takes: false },
  { trust: 'trusted', change: { status: 'disabled' }, takes: true },
]

export const pluginContract = (open: Open): void => {
  describe('plugins', () => {
    const database = useDatabase(open)

    const revocation = (generation: number, id = 'chat') =>
      database.store.findRevocation(token({ plugin: { id, generation } }))

    it('are created and listed, oldest first', async () => {
      const { store } = database
      const given = {
        id: 'chat',
        name: 'Chat',
        trust: 'trusted',
        capabilities: CAPABILITIES,
        snapshot: 'v1',
      } as const
      await store.createPlugin(given, NOW + 1)
      await createdPlugin(store, 'older')
      expect(await thePlugin(store, 'chat')).toEqual({
        ...given,
        status: 'active',
        generation: 1,
        etag: expect.stringMatching(/^.{16}$/),
        createdAt: NOW + 1,
      })
      expect((await store.listPlugins()).map(({ id }) => id)).toEqual(['older', 'chat'])
      expect(await store.findPlugin('none')).toBeNull()
    })

    it.each(CASES)('lose their tokens on a change from $trust to $change: $takes', async (c) => {
      const { store } = database
      const options = { trust: c.trust, capabilities: CAPABILITIES, snapshot: 'v1' }
      const before = await createdPlugin(store, 'chat', options)
      await createdPlugin(store, 'other')
      await store.updatePlugin(before, c.change, NOW)
      const after = await thePlugin(store, 'chat')
      const generation = c.takes ? 2 : 1
      expect(after).toEqual({ ...before, ...c.change, generation, etag: after.etag })
      expect(after.etag).not.toBe(before.etag)
      expect(await revocation(1)).toBe(c.takes ? 'plugin' : null)
      expect(await revocation(generation)).toBeNull()
      expect(await revocation(1, 'other')).toBeNull()
    })

    it('lose all tokens by revokePluginTokens, and nothing else', async () => {
      const { store } = database
      const before = await createdPlugin(store, 'chat')
      await store.revokePluginTokens('chat', NOW)
      const after = await thePlugin(store, 'chat')
      expect(after).toEqual({ ...before, generation: 2, etag: after.etag })
      expect(await revocation(1)).toBe('plugin')
      expect(await revocation(2)).toBeNull()
    })

    const disable = async (id: string): Promise<void> =>
      database.store.updatePlugin(await thePlugin(database.store, id), { status: 'disabled' }, NOW)

    it('keep the tokens from before revoked once they are enabled', async () => {
      const { store } = database
      await createdPlugin(store, 'chat')
      await disable('chat')
      await disable('chat')
      expect(await thePlugin(store, 'chat')).toMatchObject({ status: 'disabled', generation: 2 })
      await store.updatePlugin(await thePlugin(store, 'chat'), { status: 'active' }, NOW)
      expect(await thePlugin(store, 'chat')).toMatchObject({ status: 'active', generation: 2 })
      expect(await revocation(1)).toBe('plugin')
      expect(await revocation(2)).toBeNull()
    })

    it('leave a tombstone when they are deleted, which clients keep naming', async () => {
      const { store, query } = database
      const options = { name: 'Chat', trust: 'trusted', capabilities: CAPABILITIES } as const
      const before = await createdPlugin(store, 'chat', { ...options, snapshot: 'v1' })
      await createdClient(store, 'client', { plugins: ['chat'] })
      await store.deletePlugin(before, NOW)
      expect(await store.findPlugin('chat')).toBeNull()
      expect(await store.listPlugins()).toEqual([])
      expect(await store.listPlugins({ ids: ['chat'] })).toEqual([])
      const tombstone = {
        ...before,
        status: 'deleted',
        capabilities: [],
        snapshot: null,
        generation: LAST_GENERATION,
        etag: expect.not.stringContaining(before.etag),
      }
      expect(await store.listDeletedPlugins(['chat', 'none'])).toEqual([tombstone])
      expect((await theClient(store, 'client')).plugins).toEqual(['chat'])
      const { plugins: named } = (await store.findGrantedClient('client')) ?? {}
      expect(named).toMatchObject([{ id: 'chat', status: 'deleted' }])
      expect(await revocation(LAST_GENERATION - 1)).toBe('plugin')
      expect(await query(`select gen from revocations where value = 'chat'`)).toEqual([
        { gen: LAST_GENERATION },
      ])
    })

    it('are deleted for good: the id stays taken, and every change is refused', async () => {
      const { store } = database
      await store.deletePlugin(await createdPlugin(store, 'chat'), NOW)
      const [tombstone = await createdPlugin(store, 'none')] = await store.listDeletedPlugins([
        'chat',
      ])
      await expectRefused(database, 'already_exists', () => store.createPlugin(plugin('chat'), NOW))
      const changes = [
        () => store.updatePlugin(tombstone, { status: 'active' }, NOW),
        () => store.deletePlugin(tombstone, NOW),
        () => store.revokePluginTokens('chat', NOW),
      ]
      for (const change of changes) await expectRefused(database, 'conflict', change)
    })

    const ENDS = {
      disabled: disable,
      deleted: async (id: string) =>
        database.store.deletePlugin(await thePlugin(database.store, id), NOW),
    }

    it.each(Object.entries(ENDS))(
      'are not given to a client once they are %s, nor brought back for it',
      async (_, end) => {
        const { store } = database
        await createdPlugin(store, 'chat')
        await createdPlugin(store, 'other')
        const before = await createdClient(store, 'client', { plugins: ['chat'] })
        const without = await createdClient(store, 'without', { plugins: ['other'] })
        await end('chat')
        const ids = ['chat', 'other']
        for (const createPlugins of [false, true]) {
          const late = client('late', { plugins: ids, createPlugins })
          await expectRefused(database, 'conflict', () => store.createClient(late, NOW))
        }
        await expectRefused(database, 'conflict', () =>
          store.updateClient(without, { plugins: ids }, NOW),
        )
        await expectNoChange(database, () => store.findPlugin('chat'))
        await store.updateClient(before, { plugins: ids }, NOW)
        expect((await theClient(store, 'client')).plugins).toEqual(ids)
        await store.updateClient(await theClient(store, 'client'), { plugins: ['other'] }, NOW)
        expect((await theClient(store, 'client')).plugins).toEqual(['other'])
      },
    )
  })
}

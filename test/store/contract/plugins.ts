import { describe, expect, it } from 'vitest'
import type { NewPlugin, TrustTier } from '../../../src/store/store.ts'
import { type Open, useDatabase } from './database.ts'
import { NOW, createdPlugin, thePlugin, token } from './records.ts'

type Change = Partial<Omit<NewPlugin, 'id'>>
type Case = { trust: TrustTier; change: Change; takes: boolean }

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
  })
}

import { describe, expect, it } from 'vitest'
import { type Open, useDatabase } from './database.ts'
import { NOW, createdClient, createdPlugin, theClient } from './records.ts'

export const usableContract = (open: Open): void => {
  describe('rows that still work', () => {
    const database = useDatabase(open)

    it('countUsable counts clients that may log in, and their secrets', async () => {
      const { store } = database
      const before = await store.countUsable(NOW)
      await createdClient(store, 'client')
      const after = await store.countUsable(NOW)
      expect(after).toEqual({ ...before, clients: before.clients + 1, secrets: before.secrets + 1 })
      await store.updateClient(await theClient(store, 'client'), { status: 'disabled' }, NOW)
      expect(await store.countUsable(NOW)).toEqual({ ...after, clients: before.clients })
      await store.deleteClient(await theClient(store, 'client'), NOW)
      expect(await store.countUsable(NOW)).toEqual(before)
    })

    it('countUsable leaves out clients of a suspended workspace', async () => {
      const { store } = database
      const before = await store.countUsable(NOW)
      await createdClient(store, 'client')
      const workspace = await store.findWorkspace('default')
      if (workspace === null) throw new Error('there is no workspace')
      await store.updateWorkspace(workspace, { status: 'suspended' }, NOW)
      expect((await store.countUsable(NOW)).clients).toBe(before.clients)
    })

    it('countRules counts the stored rules', async () => {
      const { store } = database
      expect(await store.countRules()).toBe(0)
      await createdClient(store, 'client')
      await store.revokeClientTokens('client', NOW)
      await store.revokeClientTokens('client', NOW)
      expect(await store.countRules()).toBe(1)
    })

    it('findClientIds finds the clients of a workspace and of a plugin, without deleted ones', async () => {
      const { store } = database
      await createdPlugin(store, 'plugin')
      await createdClient(store, 'a', { plugins: ['plugin'] })
      await createdClient(store, 'b')
      await createdClient(store, 'c', { plugins: ['plugin'] })
      await store.deleteClient(await theClient(store, 'c'), NOW)
      expect(await store.findClientIds({ pluginId: 'plugin' })).toEqual(['a'])
      expect(await store.findClientIds({ workspaceId: 'default' })).toEqual(['a', 'b'])
      expect(await store.findClientIds({ workspaceId: 'other' })).toEqual([])
    })
  })
}

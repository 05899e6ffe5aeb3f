import { describe, expect, it } from 'vitest'
import type { Store, Usable } from '../../../src/store/store.ts'
import { type Open, useDatabase } from './database.ts'
import {
  NOW,
  client,
  createdClient,
  createdPlugin,
  theClient,
  thePlugin,
  theWorkspace,
} from './records.ts'

const sorted = ({ clients, secrets, enrollments }: Usable) =>
  [clients, secrets, enrollments].map((ids) => ids.toSorted())

const suspend = async (store: Store): Promise<void> =>
  store.updateWorkspace(await theWorkspace(store, 'default'), { status: 'suspended' }, NOW)

const OPEN = {
  id: 'open',
  name: 'open',
  hash: 'hash',
  workspaceId: 'default',
  grants: [],
  details: [],
  unusedAfter: null,
  expiresAt: NOW + 10,
  createdBy: null,
  createdByGeneration: null,
}

export const usableContract = (open: Open): void => {
  describe('rows that still work', () => {
    const database = useDatabase(open)

    it('findUsable finds clients that may log in, and their secrets', async () => {
      const { store } = database
      const before = await store.findUsable(NOW, null)
      await createdClient(store, 'client')
      const after = await store.findUsable(NOW, null)
      expect(sorted(after)).toEqual(
        sorted({
          ...before,
          clients: [...before.clients, 'client'],
          secrets: [...before.secrets, 'client-secret'],
        }),
      )
      await store.updateClient(await theClient(store, 'client'), { status: 'disabled' }, NOW)
      expect(sorted(await store.findUsable(NOW, null))).toEqual(
        sorted({ ...after, clients: before.clients }),
      )
      await store.deleteClient(await theClient(store, 'client'), NOW)
      expect(sorted(await store.findUsable(NOW, null))).toEqual(sorted(before))
    })

    it('findUsable leaves out clients of a suspended workspace', async () => {
      const { store } = database
      await createdClient(store, 'client')
      await suspend(store)
      expect((await store.findUsable(NOW, null)).clients).not.toContain('client')
    })

    it('findUsable leaves out rows of other workspaces than the named one', async () => {
      const { store } = database
      await store.createWorkspace({ id: 'acme', name: 'Acme', ref: 'ref' }, NOW)
      await createdClient(store, 'mine', { workspaceId: 'acme' })
      await createdClient(store, 'other')
      for (const workspaceId of ['acme', 'default']) {
        await store.createEnrollment(
          { ...OPEN, id: workspaceId, hash: workspaceId, workspaceId, plugins: [] },
          NOW,
        )
      }
      expect(await store.findUsable(NOW, 'acme')).toEqual({
        clients: ['mine'],
        secrets: ['mine-secret'],
        enrollments: ['acme'],
      })
    })

    const ENDS: readonly [name: string, end: (store: Store) => Promise<unknown>][] = [
      ['has been revoked', (store) => store.revokeEnrollment('open', NOW)],
      ['has been used', (store) => store.consumeEnrollment('open', client('made'), NOW)],
      ['is of a suspended workspace', suspend],
      [
        'has a disabled plugin',
        async (store) =>
          store.updatePlugin(await thePlugin(store, 'plugin'), { status: 'disabled' }, NOW),
      ],
      [
        'has a deleted plugin',
        async (store) => store.deletePlugin(await thePlugin(store, 'plugin'), NOW),
      ],
      [
        'was made by a client that is disabled now',
        async (store) =>
          store.updateClient(await theClient(store, 'maker'), { status: 'disabled' }, NOW),
      ],
      [
        'was made by a client that has lost something since',
        (store) => store.revokeClientTokens('maker', NOW),
      ],
    ]

    it.each(ENDS)('findUsable leaves out an enrollment that %s', async (_, end) => {
      const { store } = database
      await createdPlugin(store, 'plugin')
      await createdClient(store, 'maker')
      const made = { createdBy: 'maker', createdByGeneration: 1 }
      await store.createEnrollment({ ...OPEN, ...made, plugins: ['plugin'] }, NOW)
      expect((await store.findUsable(NOW, null)).enrollments).toEqual(['open'])
      expect((await store.findUsable(NOW + 10, null)).enrollments).toEqual([])
      await end(store)
      expect((await store.findUsable(NOW, null)).enrollments).toEqual([])
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

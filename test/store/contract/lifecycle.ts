import { describe, expect, it } from 'vitest'
import { StartRefused } from '../../../src/errors.ts'
import {
  type Open,
  everything,
  expectNoChange,
  expectRefused,
  thrownBy,
  useEmptyDatabase,
} from './database.ts'
import { NOW, administrator, key, seed } from './records.ts'

export const lifecycleContract = (open: Open): void => {
  describe('empty database', () => {
    const database = useEmptyDatabase(open)
    const nothing = (): void => {}

    it('answers, and reports that it has nothing', async () => {
      const { store } = database
      await store.ping()
      expect(await store.isInitialized()).toBe(false)
      expect(await store.listKeys()).toEqual([])
      expect(await store.listWorkspaces()).toEqual([])
      expect(await store.listAudiences()).toEqual([])
      expect(await store.listPlugins()).toEqual([])
      expect(await store.listClients()).toEqual([])
      expect(await store.findActiveKey('RS256')).toBeNull()
    })

    it('is filled by bootstrap', async () => {
      const { store } = database
      expect(await store.bootstrap(seed, NOW, nothing)).toBe(true)
      expect(await store.isInitialized()).toBe(true)
      expect(await store.listWorkspaces()).toMatchObject([
        { id: 'default', name: 'Default', status: 'active', generation: 1, createdAt: NOW },
      ])
      expect((await store.listAudiences()).map(({ id }) => id)).toEqual(['api', 'hook', 'latchkey'])
      expect((await store.listKeys()).map(({ kid, state }) => [kid, state])).toEqual([
        ['key-1', 'active'],
        ['key-2', 'next'],
      ])
      expect(await store.listClients()).toMatchObject([
        {
          id: 'root',
          workspaceId: null,
          status: 'active',
          grants: [{ audience: 'latchkey', permissions: ['admin:read', 'admin:write'] }],
        },
      ])
      expect(await store.findLogin('root', 'hash of root-secret', NOW)).toEqual({
        id: 'root-secret',
        hash: 'hash of root-secret',
        clientId: 'root',
        expiresAt: null,
      })
    })

    it('is filled without an administrator when the seed has none', async () => {
      const { store } = database
      expect(await store.bootstrap({ ...seed, administrator: null }, NOW, nothing)).toBe(true)
      expect(await store.listClients()).toEqual([])
    })

    it('is filled once only', async () => {
      const { store } = database
      await store.bootstrap(seed, NOW, nothing)
      const another = { ...seed, keys: [key('key-3')], administrator: administrator('other') }
      await expectNoChange(database, async () => {
        const filled = await store.bootstrap(another, NOW + 1, () => {
          throw new Error('there is nothing to commit')
        })
        expect(filled).toBe(false)
      })
    })

    it('is filled completely by one of several processes that start at once', async () => {
      const stores = [database.store, await database.another(), await database.another()]
      const filled = await Promise.all(
        stores.map((store, i) => {
          const keys = [key(`key-${i}-1`), key(`key-${i}-2`)]
          const own = { ...seed, keys, administrator: administrator(`root-${i}`) }
          return store.bootstrap(own, NOW, nothing)
        }),
      )
      expect(filled.filter(Boolean)).toHaveLength(1)
      const winner = filled.indexOf(true)
      const { store } = database
      expect((await store.listClients()).map(({ id }) => id)).toEqual([`root-${winner}`])
      expect((await store.listKeys()).map(({ kid }) => kid)).toEqual([
        `key-${winner}-1`,
        `key-${winner}-2`,
      ])
    })

    // better-sqlite3 calls `beforeCommit` after the last statement, D1 before it sends the batch.
    // With either, nothing is stored unless both succeed.
    it('stays empty when beforeCommit throws', async () => {
      const { store } = database
      const before = await everything(database)
      const error = await thrownBy(
        store.bootstrap(seed, NOW, () => {
          throw new StartRefused('the credentials cannot be written')
        }),
      )
      expect(error).toBeInstanceOf(StartRefused)
      expect(error.message).toBe('the credentials cannot be written')
      expect(await everything(database)).toEqual(before)
      expect(await store.isInitialized()).toBe(false)
      expect(await store.bootstrap(seed, NOW, nothing)).toBe(true)
    })

    it('is not reported as filled by another process when the seed cannot be written', async () => {
      const twice = { ...seed, audiences: [...seed.audiences, ...seed.audiences] }
      await expectRefused(database, 'already_exists', () =>
        database.store.bootstrap(twice, NOW, nothing),
      )
    })
  })
}

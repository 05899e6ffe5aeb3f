import { describe, expect, it } from 'vitest'
import type { Position, Resource, Store } from '../../../src/store/store.ts'
import { type Open, expectRefused, useDatabase } from './database.ts'
import {
  createdClient,
  createdResource,
  newWorkspace,
  NOW,
  playlist,
  theClient,
  theResource,
} from './records.ts'

const named = ({ type, id }: Resource): string => `${type} ${id}`

export const resourceContract = (open: Open): void => {
  describe('resources', () => {
    const database = useDatabase(open)

    it('are created, found and listed oldest first, by type and workspace', async () => {
      const { store } = database
      await store.createWorkspace(newWorkspace('acme'), NOW)
      const given = { type: 'playlist', id: 'evening', workspaceId: 'acme', parts: ['b', 'a'] }
      await store.createResource(given, NOW + 1)
      const made = await theResource(store, 'playlist', 'evening')
      const etag = expect.stringMatching(/^.{16}$/) as string
      expect(made).toEqual({ ...given, etag, createdAt: NOW + 1 })
      await createdResource(store, 'room', 'evening')
      await createdResource(store, 'playlist', 'a:b/c~d')

      const list = async (filter?: Parameters<Store['listResources']>[0]) =>
        (await store.listResources(filter)).map(named)
      expect(await list()).toEqual(['playlist a:b/c~d', 'room evening', 'playlist evening'])
      expect(await list({ type: 'playlist' })).toEqual(['playlist a:b/c~d', 'playlist evening'])
      expect(await list({ workspaceId: 'default' })).toEqual(['playlist a:b/c~d', 'room evening'])
      expect(await list({ type: 'playlist', workspaceId: 'acme' })).toEqual(['playlist evening'])
      expect(await list({ type: 'nope' })).toEqual([])
      expect(await store.findResource('room', 'a:b/c~d')).toBeNull()
      expect(await store.findResource('playlist', 'Evening')).toBeNull()
    })

    it('are listed completely in parts, also with the same id and second', async () => {
      const { store } = database
      const names = [
        ['a', 'b/c'],
        ['a', 'x'],
        ['a/b', 'c'],
        ['b', 'x'],
        ['c', 'x'],
      ] as const
      for (const [type, id] of names) await createdResource(store, type, id)
      const parts: string[] = []
      for (let after: Position | undefined; ;) {
        const [row] = await store.listResources({}, { after, limit: 1 })
        if (row === undefined) break
        parts.push(named(row))
        expect(parts.length).toBeLessThanOrEqual(names.length)
        after = { createdAt: row.createdAt, id: named(row) }
      }
      expect(parts).toEqual((await store.listResources()).map(named))
      expect(parts).toEqual(names.map(([type, id]) => `${type} ${id}`))
    })

    it('have types, which follow the existing resources', async () => {
      const { store } = database
      const other = await database.another()
      await store.createWorkspace(newWorkspace('acme'), NOW)
      expect(await store.listResourceTypes()).toEqual([])
      await createdResource(other, 'room', 'a')
      await createdResource(other, 'playlist', 'a', { workspaceId: 'acme' })
      await createdResource(other, 'playlist', 'b')
      expect(await store.listResourceTypes()).toEqual(['playlist', 'room'])
      await other.deleteResource(await theResource(other, 'room', 'a'), NOW)
      expect(await store.listResourceTypes()).toEqual(['playlist'])
    })

    it('are refused when the id is taken in any workspace, or the workspace is missing', async () => {
      const { store } = database
      await store.createWorkspace(newWorkspace('acme'), NOW)
      await createdResource(store, 'playlist', 'evening')
      const create =
        (workspaceId: string, id = 'evening') =>
        () =>
          store.createResource({ type: 'playlist', id, workspaceId, parts: [] }, NOW)
      await expectRefused(database, 'already_exists', create('default'))
      await expectRefused(database, 'already_exists', create('acme'))
      await expectRefused(database, 'unknown_reference', create('nope', 'other'))
    })

    it('are deleted for good: the id stays taken, and every change is refused', async () => {
      const { store, query } = database
      await store.createWorkspace(newWorkspace('acme'), NOW)
      const before = await createdResource(store, 'playlist', 'evening', { parts: ['a'] })
      await store.deleteResource(before, NOW)
      const [row] = await query(`select etag, status, parts from resources`)
      expect(row).toMatchObject({ status: 'deleted', parts: '[]' })
      const tombstone = { ...before, etag: String(row?.['etag']) }
      const deleted = await store.findDeletedResource('playlist', 'evening')
      expect(deleted).toEqual({ ...tombstone, parts: [] })
      expect(await store.findDeletedResource('room', 'evening')).toBeNull()
      for (const workspaceId of ['default', 'acme']) {
        await expectRefused(database, 'already_exists', () =>
          store.createResource({ type: 'playlist', id: 'evening', workspaceId, parts: [] }, NOW),
        )
      }
      for (const resource of [before, tombstone]) {
        await expectRefused(database, 'conflict', () => store.updateResource(resource, ['a'], NOW))
        await expectRefused(database, 'conflict', () => store.deleteResource(resource, NOW))
      }
      await createdResource(store, 'room', 'evening')
      expect(await store.findDeletedResource('room', 'evening')).toBeNull()
    })

    it('are not changed from an older read, or when they do not exist', async () => {
      const { store } = database
      const other = await database.another()
      const before = await createdResource(store, 'playlist', 'evening', { parts: ['a', 'b', 'c'] })
      await other.updateResource(before, ['a', 'b', 'c', 'd'], NOW)
      for (const stale of [before, { ...before, id: 'nobody' }]) {
        await expectRefused(database, 'conflict', () => store.updateResource(stale, [], NOW))
        await expectRefused(database, 'conflict', () => store.deleteResource(stale, NOW))
      }
    })

    it('are changed by one of several processes with the same read', async () => {
      const { store } = database
      const before = await createdResource(store, 'playlist', 'evening', { parts: ['a', 'b', 'c'] })
      await createdClient(store, 'client', { details: [playlist('evening')] })
      const stores = [store, await database.another(), await database.another()]
      const outcomes = await Promise.allSettled(
        stores.map((own, i) => own.updateResource(before, before.parts.slice(i + 1), NOW)),
      )
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await theClient(store, 'client')).generation).toBe(2)
    })
  })
}

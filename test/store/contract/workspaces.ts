import { describe, expect, it } from 'vitest'
import { type Open, useDatabase } from './database.ts'
import { newWorkspace, ofWorkspace, NOW, theWorkspace, token } from './records.ts'

export const workspaceContract = (open: Open): void => {
  describe('workspaces', () => {
    const database = useDatabase(open)

    const revocation = async (generation: number, id = 'acme') => {
      const workspace = ofWorkspace(await theWorkspace(database.store, id), generation)
      return await database.store.findRevocation(token({ workspace }))
    }

    const created = async () => {
      await database.store.createWorkspace(newWorkspace('acme', 'Acme'), NOW + 1)
      return await theWorkspace(database.store, 'acme')
    }

    it('are created active, and are listed oldest first', async () => {
      const { store } = database
      const workspace = await created()
      expect(workspace).toEqual({
        id: 'acme',
        name: 'Acme',
        status: 'active',
        generation: 1,
        ref: 'reference of acme',
        etag: expect.stringMatching(/^.{16}$/),
        createdAt: NOW + 1,
      })
      expect((await store.listWorkspaces()).map(({ id }) => id)).toEqual(['default', 'acme'])
      expect(await store.findWorkspace('none')).toBeNull()
    })

    it('get a new name, and keep their tokens', async () => {
      const before = await created()
      await database.store.updateWorkspace(before, { name: 'ACME' }, NOW)
      const after = await theWorkspace(database.store, 'acme')
      expect(after).toEqual({ ...before, name: 'ACME', etag: after.etag })
      expect(after.etag).not.toBe(before.etag)
      expect(await revocation(1)).toBeNull()
    })

    it('lose every token when they are suspended, without effect on others', async () => {
      await database.store.updateWorkspace(await created(), { status: 'suspended' }, NOW)
      const after = await theWorkspace(database.store, 'acme')
      expect(after).toMatchObject({ status: 'suspended', generation: 2 })
      expect(await revocation(1)).toBe('workspace')
      expect(await revocation(2)).toBeNull()
      expect(await revocation(1, 'default')).toBeNull()
    })

    it('resume with the new generation, and old tokens stay revoked', async () => {
      const { store } = database
      await store.updateWorkspace(await created(), { status: 'suspended' }, NOW)
      const suspended = await theWorkspace(store, 'acme')
      await store.updateWorkspace(suspended, { status: 'active' }, NOW)
      expect(await theWorkspace(store, 'acme')).toMatchObject({ status: 'active', generation: 2 })
      expect(await revocation(1)).toBe('workspace')
      expect(await revocation(2)).toBeNull()
    })

    it('are suspended once: a second time changes no generation', async () => {
      const { store } = database
      await store.updateWorkspace(await created(), { status: 'suspended' }, NOW)
      const suspended = await theWorkspace(store, 'acme')
      await store.updateWorkspace(suspended, { status: 'suspended' }, NOW)
      expect((await theWorkspace(store, 'acme')).generation).toBe(2)
    })
  })
}

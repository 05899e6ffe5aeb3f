import { describe, expect, it } from 'vitest'
import { type Open, useDatabase } from './database.ts'
import { NOW, audience, createdClient, key, theAudience, theClient, token } from './records.ts'

/** More than the hundred parameters that D1 binds, and in a wrong order as text. */
const MANY = Array.from({ length: 300 }, (_, i) => `n${i}`)
const SORTED = MANY.toSorted()

const wide = (names: string[]) =>
  audience('wide', Object.fromEntries(names.map((name) => [name, []])))

export const limitContract = (open: Open): void => {
  describe('changes with long lists', () => {
    const database = useDatabase(open)

    it('grant, read and remove permissions', async () => {
      const { store } = database
      await store.createAudience(wide(MANY), NOW)
      const grants = [{ audience: 'wide', permissions: MANY }]
      await createdClient(store, 'client', { grants })
      expect((await theClient(store, 'client')).grants).toEqual(grants)
      const subject = await store.findGrantedClient('client')
      expect(subject?.grants[0]?.audience.permissions.map(({ name }) => name)).toEqual(MANY)

      const [kept = '', ...gone] = MANY.toReversed()
      const { permissions } = wide([kept])
      await store.updateAudience(await theAudience(store, 'wide'), { permissions }, NOW)
      const after = await theClient(store, 'client')
      expect(after.grants).toEqual([{ audience: 'wide', permissions: [kept] }])
      expect(gone).toHaveLength(299)
      expect(after.generation).toBe(2)
    })

    it('create, give and remove plugins', async () => {
      const { store } = database
      const before = await createdClient(store, 'client', { plugins: MANY, createPlugins: true })
      expect(before.plugins).toEqual(SORTED)
      expect(await store.listPlugins()).toHaveLength(300)
      expect((await store.findGrantedClient('client'))?.plugins).toHaveLength(300)
      await store.updateClient(before, { plugins: MANY.slice(1) }, NOW)
      expect((await theClient(store, 'client')).plugins).toHaveLength(299)
      expect(await store.findRevocation(token({ clientId: 'client', clientGen: 1 }))).toBe('client')
    })

    it('raise each client that loses a permission in one step, each with its rule', async () => {
      const { store, query } = database
      const grants = [{ audience: 'api', permissions: ['read'] }]
      const ids = SORTED.slice(0, 120)
      for (const id of ids) await createdClient(store, id, { grants })
      await store.updateAudience(await theAudience(store, 'api'), { permissions: [] }, NOW)
      const rules = await query(`select value, gen from revocations order by seq`)
      expect(rules).toEqual(ids.map((value) => ({ value, gen: 2 })))
    })

    it('give introspected audiences', async () => {
      const { store } = database
      const ids = SORTED.slice(0, 101)
      for (const id of ids) await store.createAudience(audience(id, {}), NOW)
      expect((await createdClient(store, 'client', { introspects: ids })).introspects).toEqual(ids)
    })

    it('revoke keys', async () => {
      const { store } = database
      await store.revokeKeys([...MANY, 'key-1'], [key('key-3')], NOW)
      expect(await store.findActiveKey('RS256')).toMatchObject({ kid: 'key-2' })
    })
  })
}

import { describe, expect, it } from 'vitest'
import type { NewAudience, Store } from '../../../src/store/store.ts'
import { type Open, useDatabase } from './database.ts'
import { API, NOW, audience, createdClient, theAudience, theClient, token } from './records.ts'

type Change = Partial<Omit<NewAudience, 'id'>>
type Case = { title: string; change: Change; raised: string[] }

/**
 * Clients with one permission each of `api` (full > write > read) or `hook`, and a disabled one
 * with two.
 */
const HOLDERS: Record<string, [audience: string, ...permissions: string[]]> = {
  full: ['api', 'full'],
  write: ['api', 'write'],
  read: ['api', 'read'],
  disabled: ['api', 'full', 'write'],
  elsewhere: ['hook', 'hook:govern'],
}

const permissions = (declared: Record<string, string[]>): Change => ({
  permissions: audience('', declared).permissions,
})

const CASES: Case[] = [
  { title: 'no member', change: {}, raised: [] },
  { title: 'a lifetime', change: { tokenTtl: 60 }, raised: [] },
  { title: 'an algorithm', change: { algorithm: 'ES256' }, raised: [] },
  { title: 'no need of a plugin, as before', change: { requiresPlugin: false }, raised: [] },
  {
    title: 'need of a plugin',
    change: { requiresPlugin: true },
    raised: ['disabled', 'full', 'read', 'write'],
  },
  {
    title: 'one more permission',
    change: permissions({ full: ['write'], write: ['read'], read: [], more: [] }),
    raised: [],
  },
  {
    title: 'another order of permissions',
    change: permissions({ read: [], full: ['write'], write: ['read'] }),
    raised: [],
  },
  {
    title: 'one more implication',
    change: permissions({ full: ['write'], write: ['read'], read: ['full'] }),
    raised: [],
  },
  {
    title: 'an implication that followed from others',
    change: permissions({ full: ['write', 'read'], write: ['read'], read: [] }),
    raised: [],
  },
  {
    title: 'one implication less',
    change: permissions({ full: ['write'], write: [], read: [] }),
    raised: ['disabled', 'full', 'write'],
  },
  {
    title: 'without a permission that implied others',
    change: permissions({ write: ['read'], read: [] }),
    raised: ['disabled', 'full'],
  },
  {
    title: 'without a permission that others implied',
    change: permissions({ full: ['write'], write: [] }),
    raised: ['disabled', 'full', 'read', 'write'],
  },
  {
    title: 'no permission',
    change: permissions({}),
    raised: ['disabled', 'full', 'read', 'write'],
  },
]

const createHolders = async (store: Store): Promise<void> => {
  for (const [id, [audienceId, ...names]] of Object.entries(HOLDERS)) {
    await createdClient(store, id, { grants: [{ audience: audienceId, permissions: names }] })
  }
  await store.updateClient(await theClient(store, 'disabled'), { status: 'disabled' }, NOW)
}

const generations = async (store: Store): Promise<Record<string, number>> =>
  Object.fromEntries((await store.listClients()).map(({ id, generation }) => [id, generation]))

export const audienceContract = (open: Open): void => {
  describe('audiences', () => {
    const database = useDatabase(open)

    it('are created with their permissions in order, and are listed oldest first', async () => {
      const { store } = database
      const given = audience(
        'https://api.example',
        { z: ['a'], a: [] },
        { requiresPlugin: true, tokenTtl: 60, algorithm: 'EdDSA' },
      )
      await store.createAudience(given, NOW + 1)
      expect(await store.findAudience('https://api.example')).toEqual({
        ...given,
        etag: expect.stringMatching(/^.{16}$/),
        createdAt: NOW + 1,
      })
      const ids = (await store.listAudiences()).map(({ id }) => id)
      expect(ids).toEqual(['api', 'hook', 'latchkey', 'https://api.example'])
      expect(await store.findAudience('none')).toBeNull()
    })

    it.each(CASES)('raise $raised after a change: $title', async ({ change, raised }) => {
      const { store } = database
      await createHolders(store)
      const earlier = await generations(store)
      const before = await theAudience(store, 'api')
      await store.updateAudience(before, change, NOW)

      const after = await theAudience(store, 'api')
      expect(after).toEqual({ ...before, ...change, etag: after.etag })
      expect(after.etag).not.toBe(before.etag)
      const later = await generations(store)
      expect(Object.keys(later).filter((id) => later[id] !== earlier[id])).toEqual(raised)
      for (const [id, generation] of Object.entries(later)) {
        const current = { clientId: id, clientGen: generation }
        expect(await store.findRevocation(token(current))).toBeNull()
        if (generation === 1) continue // generation 1 is the first
        const old = { clientId: id, clientGen: generation - 1 }
        expect(await store.findRevocation(token(old))).toBe('client')
      }
      // The disabled client has an older rule, which does not matter here.
      const ruled = (await store.listRevocations({ kind: 'client' })).map(({ value }) => value)
      expect(new Set([...ruled, 'disabled'])).toEqual(new Set([...raised, 'disabled']))
    })

    it('lose a permission together with all clients that hold it, and no other', async () => {
      const { store } = database
      await createHolders(store)
      await store.updateAudience(
        await theAudience(store, 'api'),
        permissions({ write: [], read: [] }),
        NOW,
      )
      expect((await theClient(store, 'full')).grants).toEqual([])
      const write = [{ audience: 'api', permissions: ['write'] }]
      expect((await theClient(store, 'disabled')).grants).toEqual(write)
      expect((await theClient(store, 'write')).grants).toEqual(write)
      expect((await theClient(store, 'elsewhere')).grants).toHaveLength(1)
    })

    it('keep the permissions that a change omits', async () => {
      const { store } = database
      await store.updateAudience(await theAudience(store, 'api'), { tokenTtl: 300 }, NOW)
      expect(await theAudience(store, 'api')).toMatchObject({ ...API, tokenTtl: 300 })
    })
  })
}

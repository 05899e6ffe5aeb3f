import { describe, expect, it } from 'vitest'
import { MAX_LIVE_SECRETS } from '../../../src/constants.ts'
import { type Open, expectNoChange, expectRefused, useDatabase } from './database.ts'
import { NOW, createdClient, secret } from './records.ts'

const HOUR = 3600

export const secretContract = (open: Open): void => {
  describe('secrets', () => {
    const database = useDatabase(open)

    /** `[id, expires_at]` of the live ones, newest first. */
    const live = async (now = NOW) =>
      (await database.store.listSecrets('client', now)).map(({ id, expiresAt }) => [id, expiresAt])

    it('are listed without their hash', async () => {
      const { store } = database
      await createdClient(store, 'client')
      await store.addSecret('client', { ...secret('s2'), name: 'second' }, NOW + HOUR, NOW + 1)
      expect(await store.listSecrets('client', NOW)).toEqual([
        {
          id: 's2',
          clientId: 'client',
          name: 'second',
          hint: 's2',
          createdAt: NOW + 1,
          expiresAt: null,
          revokedAt: null,
          lastUsedAt: null,
        },
        expect.objectContaining({ id: 'client-secret', expiresAt: NOW + HOUR }),
      ])
      expect(await store.listSecrets('nobody', NOW)).toEqual([])
    })

    it('end the older ones when one is added, and extend none', async () => {
      const { store } = database
      await createdClient(store, 'client', { secret: secret('never') })
      await store.addSecret('client', secret('soon', NOW + 10), NOW + 9 * HOUR, NOW + 1)
      await store.addSecret('client', secret('new'), NOW + HOUR, NOW + 2)
      expect(await live()).toEqual([
        ['new', null],
        ['soon', NOW + 10],
        ['never', NOW + HOUR],
      ])
      await store.addSecret('client', secret('newest'), NOW + 3, NOW + 3)
      expect(await live(NOW + 3)).toEqual([['newest', null]])
    })

    it('findLastUses has the latest use of each client over all its secrets, revoked ones included', async () => {
      const { store } = database
      for (const id of ['client', 'other', 'unused']) await createdClient(store, id)
      await store.addSecret('client', secret('s2'), NOW, NOW)
      await store.touchSecrets([
        { id: 'client-secret', at: NOW + 60 },
        { id: 's2', at: NOW + 120 },
        { id: 'other-secret', at: NOW + 180 },
      ])
      await store.revokeSecret('client', 's2', NOW + 180)
      expect(await store.findLastUses(['client', 'unused', 'nobody'])).toEqual([
        { clientId: 'client', at: NOW + 120 },
      ])
      expect(await store.findLastUses([])).toEqual([])
    })

    it('are revoked for their own client only', async () => {
      const { store } = database
      await createdClient(store, 'client')
      await createdClient(store, 'other')
      await store.addSecret('other', secret('s2'), NOW, NOW)
      await expectNoChange(database, () => store.revokeSecret('other', 'client-secret', NOW))
      expect(await live()).toEqual([['client-secret', null]])
    })

    it('are revoked at once, and once', async () => {
      const { store } = database
      await createdClient(store, 'client')
      await store.addSecret('client', secret('s2'), NOW + HOUR, NOW)
      await store.revokeSecret('client', 's2', NOW)
      expect(await live()).toEqual([['client-secret', NOW + HOUR]])
      expect(await store.findLogin('client', 'hash of client-secret', NOW)).not.toBeNull()
      expect(await store.findLogin('client', 'hash of s2', NOW)).toBeNull()
      await expectNoChange(database, () => store.revokeSecret('client', 's2', NOW + 1))
      await expectNoChange(database, () => store.revokeSecret('client', 'none', NOW))
    })

    it('are revoked even when they look expired by a clock that is ahead', async () => {
      const { store } = database
      await createdClient(store, 'client')
      await store.addSecret('client', secret('s2'), NOW + HOUR, NOW)
      await store.revokeSecret('client', 'client-secret', NOW + 2 * HOUR)
      expect(await live()).toEqual([['s2', null]])
      await store.addSecret('client', secret('s3', NOW + HOUR), NOW, NOW)
      await store.addSecret('client', secret('s4'), NOW + 2, NOW + 2 * HOUR)
      expect((await live(NOW + 3)).map(([id]) => id)).toEqual(['s4'])
    })

    it('have a time of last use, which never moves back', async () => {
      const { store } = database
      await createdClient(store, 'client')
      await createdClient(store, 'other')
      const used = async () =>
        (await store.listSecrets('client', NOW)).map(({ lastUsedAt }) => lastUsedAt)
      expect(await used()).toEqual([null])
      await store.touchSecrets([
        { id: 'client-secret', at: NOW + 60 },
        { id: 'none', at: NOW },
      ])
      expect(await used()).toEqual([NOW + 60])
      const ids = [{ id: 'client-secret', at: NOW }]
      await expectNoChange(database, () => store.touchSecrets(ids))
      await expectNoChange(database, () => store.touchSecrets([]))
      await store.touchSecrets([{ id: 'client-secret', at: NOW + 61 }])
      expect(await used()).toEqual([NOW + 61])
      expect(await store.listSecrets('other', NOW)).toMatchObject([{ lastUsedAt: null }])
    })

    it(`are at most ${MAX_LIVE_SECRETS} at a time`, async () => {
      const { store } = database
      await createdClient(store, 'client')
      const add = (id: string, previous = NOW + HOUR, now = NOW) =>
        store.addSecret('client', secret(id), previous, now)
      for (let i = 2; i <= MAX_LIVE_SECRETS; i++) await add(`s${i}`)
      expect(await live()).toHaveLength(MAX_LIVE_SECRETS)
      await expectRefused(database, 'too_many_secrets', () => add('one more'))
      await store.revokeSecret('client', 's2', NOW)
      await add('in its place')
      await expectRefused(database, 'too_many_secrets', () => add('one more'))
      await add('when the others have ended', NOW + 2 * HOUR, NOW + HOUR)
      expect(await live(NOW + HOUR)).toHaveLength(2)
    })

    it(`are at most ${MAX_LIVE_SECRETS}, however many are added at once`, async () => {
      const stores = [database.store, await database.another()]
      await createdClient(database.store, 'client')
      const added = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) =>
          (stores[i % 2] ?? database.store).addSecret('client', secret(`s${i}`), NOW + HOUR, NOW),
        ),
      )
      const accepted = added.filter(({ status }) => status === 'fulfilled')
      expect(accepted).toHaveLength(MAX_LIVE_SECRETS - 1)
      expect(await live()).toHaveLength(MAX_LIVE_SECRETS)
    })
  })
}

import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../../../src/signing/algorithms.ts'
import type { Store } from '../../../src/store/store.ts'
import { type Open, expectNoChange, expectRefused, useDatabase } from './database.ts'
import { NOW, key, token } from './records.ts'

/** `kid state`, in the order of age. */
const states = async (store: Store): Promise<string[]> =>
  (await store.listKeys()).map(({ kid, state }) => `${kid} ${state}`).toSorted()

const revocationOf = (store: Store, kid: string) => store.findRevocation(token({ kid }))

type Case = {
  title: string
  revoke: string[]
  candidates: string[]
  states: string[]
}

/** From `key-1` active and `key-2` next. */
const REVOCATIONS: Case[] = [
  {
    title: 'the active key: the next one becomes active, a candidate next',
    revoke: ['key-1'],
    candidates: ['key-3'],
    states: ['key-1 revoked', 'key-2 active', 'key-3 next'],
  },
  {
    title: 'the next key: a candidate becomes next',
    revoke: ['key-2'],
    candidates: ['key-3'],
    states: ['key-1 active', 'key-2 revoked', 'key-3 next'],
  },
  {
    title: 'both: the candidates become active and next',
    revoke: ['key-1', 'key-2'],
    candidates: ['key-3', 'key-4'],
    states: ['key-1 revoked', 'key-2 revoked', 'key-3 active', 'key-4 next'],
  },
  {
    title: 'the active key without a candidate: the place stays free',
    revoke: ['key-1'],
    candidates: [],
    states: ['key-1 revoked', 'key-2 active'],
  },
  {
    title: 'the next key with too many candidates: the last is dropped',
    revoke: ['key-2'],
    candidates: ['key-3', 'key-4'],
    states: ['key-1 active', 'key-2 revoked', 'key-3 next'],
  },
]

export const keyContract = (open: Open): void => {
  describe('signing keys', () => {
    const database = useDatabase(open)

    it('are read as they were written', async () => {
      const { store } = database
      const active = {
        kid: 'key-1',
        algorithm: 'RS256',
        state: 'active',
        publicJwk: { kty: 'test', n: 'modulus of key-1' },
        privateJwe: 'private half of key-1',
        createdAt: NOW,
        activatedAt: NOW,
        retiredAt: null,
        revokedAt: null,
      }
      expect(await store.findActiveKey('RS256')).toEqual(active)
      expect(await store.listKeys()).toEqual([
        active,
        expect.objectContaining({ kid: 'key-2', state: 'next', activatedAt: null }),
      ])
    })

    it.each(['key-1', 'key-2', 'key-0'])('are published while they are good: %s', async (kid) => {
      const { store, query } = database
      await query(`insert into signing_keys (kid, algorithm, state, public_jwk, created_at)
        values ('key-0', 'RS256', 'retiring', '{}', 0)`)
      expect(await store.findPublishedKey(kid)).toMatchObject({ kid })
      await store.revokeKeys([kid], [], NOW)
      expect(await store.findPublishedKey(kid)).toBeNull()
      expect(await store.findPublishedKey('no key')).toBeNull()
    })

    it('take the free places of their algorithm, first active, then next', async () => {
      const { store } = database
      await store.addKeys([key('a', 'ES256'), key('b', 'ES256'), key('c', 'ES256')], NOW + 1)
      expect(await states(store)).toEqual(['a active', 'b next', 'key-1 active', 'key-2 next'])
      expect(await store.findActiveKey('ES256')).toMatchObject({ kid: 'a', activatedAt: NOW + 1 })
      expect(await store.findActiveKey('EdDSA')).toBeNull()
    })

    it('are left alone where no place is free', async () => {
      await expectNoChange(database, () => database.store.addKeys([key('key-3')], NOW))
    })

    it('are not added under a kid that is taken', async () => {
      await expectRefused(database, 'already_exists', () =>
        database.store.addKeys([key('new', 'ES256'), key('key-1', 'ES256')], NOW),
      )
    })

    it('are one active and one next, however many add them at once', async () => {
      const stores = [database.store, await database.another(), await database.another()]
      const algorithms: Algorithm[] = ['ES256', 'EdDSA', 'ES256', 'EdDSA']
      await Promise.all(
        stores.map((store, i) =>
          store.addKeys(
            algorithms.map((algorithm, j) => key(`${algorithm}-${i}-${j}`, algorithm)),
            NOW,
          ),
        ),
      )
      const kept = (await database.store.listKeys()).map((k) => `${k.algorithm} ${k.state}`)
      expect(kept.toSorted()).toEqual(
        ['ES256', 'EdDSA', 'RS256'].flatMap((name) => [`${name} active`, `${name} next`]),
      )
    })

    it.each(REVOCATIONS)('are revoked: $title', async ({ revoke, candidates, ...expected }) => {
      const { store } = database
      await store.addKeys([key('es-1', 'ES256'), key('es-2', 'ES256')], NOW)
      await store.revokeKeys(
        revoke,
        candidates.map((kid) => key(kid)),
        NOW + 1,
      )
      expect(await states(store)).toEqual(['es-1 active', 'es-2 next', ...expected.states])
      const active = await store.findActiveKey('RS256')
      expect(active?.activatedAt).toBe(revoke.includes('key-1') ? NOW + 1 : NOW)
      for (const kid of revoke) {
        expect(await revocationOf(store, kid)).toBe('key')
        const stored = (await store.listKeys()).find((k) => k.kid === kid)
        expect(stored).toMatchObject({ privateJwe: null, revokedAt: NOW + 1 })
      }
    })

    it('are revoked for good, and leave the others alone', async () => {
      const { store, query } = database
      await store.revokeKeys(['key-1'], [key('key-3')], NOW)
      expect(await query(`select value, gen, expires_at from revocations`)).toEqual([
        { value: 'key-1', gen: null, expires_at: null },
      ])
      expect(await revocationOf(store, 'key-2')).toBeNull()
      expect(await revocationOf(store, 'key-3')).toBeNull()
    })

    it('change nothing when they are revoked again, or are not there', async () => {
      const { store } = database
      await store.revokeKeys(['key-1'], [key('key-3')], NOW)
      await expectNoChange(database, () =>
        store.revokeKeys(['key-1', 'no key'], [key('key-4')], NOW + 9),
      )
      await expectNoChange(database, () => store.revokeKeys([], [], NOW + 9))
    })

    it('sign no more in one process once another has revoked them', async () => {
      const { store } = database
      const other = await database.another()
      for (const kid of ['key-1', 'key-2']) {
        expect(await store.findActiveKey('RS256')).toMatchObject({ kid, state: 'active' })
        await other.revokeKeys([kid], [], NOW)
      }
      expect(await store.findActiveKey('RS256')).toBeNull()
    })

    it('are revoked by several at once: nobody signs with a key that is gone', async () => {
      const { store } = database
      const other = await database.another()
      await Promise.all([
        store.revokeKeys(['key-1'], [key('key-3')], NOW),
        other.revokeKeys(['key-2'], [key('key-4')], NOW),
      ])
      expect(await states(store)).toEqual([
        'key-1 revoked',
        'key-2 revoked',
        'key-3 active',
        'key-4 next',
      ])
    })
  })
}

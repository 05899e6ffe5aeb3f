import { beforeEach, describe, expect, it } from 'vitest'
import { KEY_RETIREMENT_SECONDS } from '../../../src/constants.ts'
import { Conflict } from '../../../src/errors.ts'
import type { Algorithm } from '../../../src/signing/algorithms.ts'
import type { Promotion, Store } from '../../../src/store/store.ts'
import { live } from '../../support/clock.ts'
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

/** Revocations with `key-1` active and `key-2` next. */
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

const EVENT = { actor: 'server', action: 'key.remove', outcome: 'success', count: 1 } as const

/** Refused promotions with `key-1` active and `key-2` next, `es-1` active and `es-2` next. */
const NOT_PROMOTED: [title: string, promotions: Promotion[]][] = [
  ['a key that is active already', [{ from: 'key-1', to: 'key-1' }]],
  ['the place of a key that is not active', [{ from: 'key-2', to: 'key-2' }]],
  ['exchanged places', [{ from: 'key-2', to: 'key-1' }]],
  ['an unknown key', [{ from: 'key-1', to: 'no key' }]],
  ['the place of an unknown key', [{ from: 'no key', to: 'key-2' }]],
  ['a key of another algorithm', [{ from: 'key-1', to: 'es-2' }]],
  [
    'several keys, one of which is not next',
    [
      { from: 'es-1', to: 'es-2' },
      { from: 'key-1', to: 'key-1' },
    ],
  ],
  [
    'a repeated promotion',
    [
      { from: 'key-1', to: 'key-2' },
      { from: 'key-1', to: 'key-2' },
    ],
  ],
]

export const keyContract = (open: Open): void => {
  describe('promotion of keys', () => {
    const database = useDatabase(open)
    const ROTATION = { from: 'key-1', to: 'key-2' }

    it('retires the active key without its private key, and makes a candidate next', async () => {
      const { store } = database
      await store.promoteKeys([ROTATION], [key('key-3')], NOW + 5)
      expect(await store.listKeys()).toMatchObject([
        { kid: 'key-1', state: 'retiring', privateJwe: null, activatedAt: NOW, retiredAt: NOW + 5 },
        { kid: 'key-2', state: 'active', createdAt: NOW, activatedAt: NOW + 5, retiredAt: null },
        { kid: 'key-3', state: 'next', createdAt: NOW + 5, activatedAt: null, retiredAt: null },
      ])
      expect(await store.findActiveKey('RS256')).toMatchObject({
        kid: 'key-2',
        privateJwe: 'private half of key-2',
      })
      expect(await revocationOf(store, 'key-1')).toBeNull()
    })

    it('changes several algorithms in one step', async () => {
      const { store } = database
      await store.addKeys([key('es-1', 'ES256'), key('es-2', 'ES256')], NOW)
      const candidates = [key('key-3'), key('es-3', 'ES256')]
      await store.promoteKeys([ROTATION, { from: 'es-1', to: 'es-2' }], candidates, NOW)
      expect(await states(store)).toEqual([
        'es-1 retiring',
        'es-2 active',
        'es-3 next',
        'key-1 retiring',
        'key-2 active',
        'key-3 next',
      ])
    })

    it.each(NOT_PROMOTED)('is refused for %s', async (_, promotions) => {
      const { store } = database
      await store.addKeys([key('es-1', 'ES256'), key('es-2', 'ES256')], NOW)
      const candidates = [key('key-3'), key('es-3', 'ES256')]
      await expectRefused(database, 'conflict', () =>
        store.promoteKeys(promotions, candidates, NOW),
      )
    })

    it('is done once when several processes try at once', async () => {
      const stores = [database.store, await database.another(), await database.another()]
      const outcomes = await Promise.allSettled(
        stores.map((store, i) => store.promoteKeys([ROTATION], [key(`new-${i}`)], NOW)),
      )
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Conflict)
      }
      const kept = (await database.store.listKeys()).map(({ state }) => state)
      expect(kept.toSorted()).toEqual(['active', 'next', 'retiring'])
    })

    it('leaves a signing key beside a simultaneous revocation', async () => {
      const other = await database.another()
      for (const kid of ['key-1', 'key-2']) {
        const { store } = database
        const [active, next] = (await store.listKeys()).filter((one) => one.state !== 'revoked')
        await Promise.allSettled([
          store.promoteKeys(
            [{ from: active?.kid ?? '', to: next?.kid ?? '' }],
            [key(`a${kid}`)],
            NOW,
          ),
          other.revokeKeys([kid], [key(`b${kid}`)], NOW),
        ])
        const kept = (await store.listKeys()).map(({ state }) => state)
        expect(kept.filter((state) => state === 'active')).toHaveLength(1)
        expect(kept.filter((state) => state === 'next')).toHaveLength(1)
      }
    })
  })

  describe('retiring key', () => {
    const database = useDatabase(open)
    const END = NOW + KEY_RETIREMENT_SECONDS
    beforeEach(async () => {
      await database.store.promoteKeys([{ from: 'key-1', to: 'key-2' }], [key('key-3')], NOW)
    })

    it('is published while its tokens can live', async () => {
      const { store } = database
      expect(await store.findPublishedKey('key-1', END - 1)).toMatchObject({ kid: 'key-1' })
      await live(store, END - 1) // a clock that is ahead does not take it back
      expect(await store.findPublishedKey('key-1', END)).toMatchObject({ kid: 'key-1' })
      await live(store, END)
      expect(await store.findPublishedKey('key-1', END)).toBeNull()
      expect(await store.findPublishedKey('key-2', END)).toMatchObject({ kid: 'key-2' })
    })

    it('is removed after its end, with an event that names it', async () => {
      const { store, query } = database
      await expectNoChange(database, () => store.removeRetiredKeys(EVENT, END - 1, END - 1))
      await store.removeRetiredKeys(EVENT, END, END)
      expect(await states(store)).toEqual(['key-2 active', 'key-3 next'])
      const events = `select actor, action, target, outcome, count, created_at from audit_events`
      expect(await query(events)).toEqual([{ ...EVENT, target: 'key-1', created_at: END }])
      await expectNoChange(database, () => store.removeRetiredKeys(EVENT, END + 1, END + 1))
    })

    it('is removed once when several processes try at once', async () => {
      const stores = [database.store, await database.another(), await database.another()]
      await Promise.all(stores.map((store) => store.removeRetiredKeys(EVENT, END, END)))
      expect(await database.query('select target from audit_events')).toEqual([{ target: 'key-1' }])
    })

    it('stays stored but unpublished after it was revoked', async () => {
      const { store } = database
      await store.revokeKeys(['key-1'], [], NOW)
      await expectNoChange(database, () => store.removeRetiredKeys(EVENT, END, END))
      expect(await store.findPublishedKey('key-1', NOW)).toBeNull()
      expect(await revocationOf(store, 'key-1')).toBe('key')
    })
  })

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

    it.each(['key-1', 'key-2', 'key-0'])(
      'are published until they are revoked: %s',
      async (kid) => {
        const { store, query } = database
        await query(`insert into signing_keys (kid, algorithm, state, public_jwk, created_at, retired_at)
        values ('key-0', 'RS256', 'retiring', '{}', 0, ${NOW})`)
        expect(await store.findPublishedKey(kid, NOW)).toMatchObject({ kid })
        await store.revokeKeys([kid], [], NOW)
        expect(await store.findPublishedKey(kid, NOW)).toBeNull()
        expect(await store.findPublishedKey('no key', NOW)).toBeNull()
      },
    )

    it('take the free places of their algorithm: first active, then next', async () => {
      const { store } = database
      await store.addKeys([key('a', 'ES256'), key('b', 'ES256'), key('c', 'ES256')], NOW + 1)
      expect(await states(store)).toEqual(['a active', 'b next', 'key-1 active', 'key-2 next'])
      expect(await store.findActiveKey('ES256')).toMatchObject({ kid: 'a', activatedAt: NOW + 1 })
      expect(await store.findActiveKey('EdDSA')).toBeNull()
    })

    it('do not change when no place is free', async () => {
      await expectNoChange(database, () => database.store.addKeys([key('key-3')], NOW))
    })

    it('are not added under a kid that is taken', async () => {
      await expectRefused(database, 'already_exists', () =>
        database.store.addKeys([key('new', 'ES256'), key('key-1', 'ES256')], NOW),
      )
    })

    it('are one active and one next key when several processes add them at once', async () => {
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

    it.each([
      ['the active key', 'key-1', ['key-1 revoked', 'key-2 next', 'new-1 active']],
      ['the next key', 'key-2', ['key-1 retiring', 'key-2 revoked', 'new-1 active', 'new-2 next']],
    ])('are revoked so that a new key signs: %s', async (_, kid, expected) => {
      const { store } = database
      await store.addKeys([key('es-1', 'ES256'), key('es-2', 'ES256')], NOW)
      const candidates = [key('new-1'), key('new-2')]
      await store.revokeKeys([kid], candidates, NOW + 1, { signWithNew: true })
      expect(await states(store)).toEqual(['es-1 active', 'es-2 next', ...expected])
      expect(await store.findActiveKey('RS256')).toMatchObject({
        kid: 'new-1',
        activatedAt: NOW + 1,
        createdAt: NOW + 1,
      })
      const former = (await store.listKeys()).find(({ state }) => state === 'retiring')
      if (former) expect(former).toMatchObject({ privateJwe: null, retiredAt: NOW + 1 })
    })

    it('sign with the next key when there is no candidate, and ignore an unknown kid', async () => {
      const { store } = database
      const options = { signWithNew: true }
      await expectNoChange(database, () =>
        store.revokeKeys(['no key'], [key('new-1')], NOW, options),
      )
      await store.revokeKeys(['key-1'], [], NOW, options)
      expect(await states(store)).toEqual(['key-1 revoked', 'key-2 active'])
    })

    it('are revoked for good, without effect on others', async () => {
      const { store, query } = database
      await store.revokeKeys(['key-1'], [key('key-3')], NOW)
      expect(await query(`select value, gen, expires_at from revocations`)).toEqual([
        { value: 'key-1', gen: null, expires_at: null },
      ])
      expect(await revocationOf(store, 'key-2')).toBeNull()
      expect(await revocationOf(store, 'key-3')).toBeNull()
    })

    it('do not change when they are revoked again, or are unknown', async () => {
      const { store } = database
      await store.revokeKeys(['key-1'], [key('key-3')], NOW)
      await expectNoChange(database, () =>
        store.revokeKeys(['key-1', 'no key'], [key('key-4')], NOW + 9),
      )
      await expectNoChange(database, () => store.revokeKeys([], [], NOW + 9))
    })

    it('are all revoked, also those unknown to the caller', async () => {
      const { store } = database
      await store.addKeys([key('es-1', 'ES256'), key('es-2', 'ES256')], NOW)
      await store.promoteKeys([{ from: 'key-1', to: 'key-2' }], [key('key-3')], NOW)
      await store.revokeKeys('all', [key('key-4'), key('key-5'), key('es-3', 'ES256')], NOW + 1)
      const revoked = ['es-1', 'es-2', 'key-1', 'key-2', 'key-3']
      expect(await states(store)).toEqual(
        [
          ...revoked.map((kid) => `${kid} revoked`),
          'es-3 active',
          'key-4 active',
          'key-5 next',
        ].toSorted(),
      )
      for (const kid of revoked) expect(await revocationOf(store, kid)).toBe('key')
    })

    it('sign no more in one process after another has revoked them', async () => {
      const { store } = database
      const other = await database.another()
      for (const kid of ['key-1', 'key-2']) {
        expect(await store.findActiveKey('RS256')).toMatchObject({ kid, state: 'active' })
        await other.revokeKeys([kid], [], NOW)
      }
      expect(await store.findActiveKey('RS256')).toBeNull()
    })

    it('include a valid signing key after several processes revoked at once', async () => {
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

import { describe, expect, it } from 'vitest'
import { MAX_JTI_RULES_PER_CLIENT } from '../../../src/constants.ts'
import { runRuleValue, workspaceRuleValue } from '../../../src/grants/taking-away.ts'
import type { RevocationKind, RevocationLookup, Store } from '../../../src/store/store.ts'
import { live as lived } from '../../support/clock.ts'
import { type Current, type Open, expectNoChange, useDatabase } from './database.ts'
import {
  NOW,
  createdClient,
  createdPlugin,
  key,
  newWorkspace,
  ofWorkspace,
  seed,
  theAudience,
  theClient,
  thePlugin,
  theWorkspace,
  token,
} from './records.ts'

const EXP = NOW + 900

/**
 * Written out, not imported: a token lives 24 h at the most, and 60 s longer at the verifier with the widest clock
 * tolerance. A rule that ends earlier revives the tokens that it matches.
 */
const CLOCK_TOLERANCE_SECONDS = 60
const RETENTION_SECONDS = 86_460
const GRACE_SECONDS = 600
/** Time for which a rule is kept after the last token that it can match has expired. */
const KEPT = CLOCK_TOLERANCE_SECONDS + GRACE_SECONDS

/** One id for each kind: a rule that matched another kind would be noticed. */
const SAME = 'default'

type Match = { title: string; claims: Partial<RevocationLookup>; revoked: RevocationKind | null }

/** Cases after one raise of each generation (to 2), and one rule each for a jti and a key. */
const MATCHES: Match[] = [
  { title: 'no rule', claims: {}, revoked: null },
  { title: 'the revoked jti', claims: { jti: 'jti-1' }, revoked: 'jti' },
  { title: 'another jti', claims: { jti: 'jti-2' }, revoked: null },
  { title: 'a jti named as a client', claims: { jti: SAME }, revoked: null },
  { title: 'the revoked key', claims: { kid: 'key-1' }, revoked: 'key' },
  { title: 'another key', claims: { kid: 'key-2' }, revoked: null },
  { title: 'an old client_gen', claims: { clientId: SAME, clientGen: 1 }, revoked: 'client' },
  { title: 'the new client_gen', claims: { clientId: SAME, clientGen: 2 }, revoked: null },
  { title: 'another client', claims: { clientId: 'other', clientGen: 1 }, revoked: null },
  {
    title: 'an old plugin_gen',
    claims: { plugin: { id: SAME, generation: 1 } },
    revoked: 'plugin',
  },
  { title: 'the new plugin_gen', claims: { plugin: { id: SAME, generation: 2 } }, revoked: null },
  { title: 'another plugin', claims: { plugin: { id: 'other', generation: 1 } }, revoked: null },
  {
    title: 'an old workspace_gen',
    claims: { workspace: ofWorkspace(seed.workspace, 1) },
    revoked: 'workspace',
  },
  {
    title: 'the new workspace_gen',
    claims: { workspace: ofWorkspace(seed.workspace, 2) },
    revoked: null,
  },
  {
    title: 'another workspace',
    claims: { workspace: ofWorkspace(newWorkspace('other'), 1) },
    revoked: null,
  },
]

const takeEverythingOnce = async (store: Store): Promise<void> => {
  await createdClient(store, SAME)
  await createdPlugin(store, SAME)
  const workspace = await theWorkspace(store, SAME)
  await store.revokeClientTokens(SAME, NOW)
  await store.revokePluginTokens(SAME, NOW)
  await store.updateWorkspace(workspace, { status: 'suspended' }, NOW)
  await store.revokeToken({ jti: 'jti-1', clientId: SAME, clientGen: 2, exp: EXP }, NOW)
  await store.revokeKeys(['key-1'], [], NOW)
}

/** Each writes one rule or more. */
const TAKINGS: ((store: Store) => Promise<void>)[] = [
  takeEverythingOnce,
  (store) => store.revokeClientTokens(SAME, NOW),
  async (store) => {
    const before = await theAudience(store, 'api')
    await store.updateAudience(before, { requiresPlugin: true }, NOW)
  },
  (store) => store.revokePluginTokens(SAME, NOW),
  async (store) => await store.deleteClient(await theClient(store, SAME), NOW),
  (store) => store.revokeToken({ jti: 'jti-2', clientId: 'a', clientGen: 2, exp: EXP }, NOW),
  (store) => store.revokeKeys(['key-2'], [key('key-3')], NOW),
]

const rules = ({ query }: Current) =>
  query('select kind, value, seq from revocations order by seq') as Promise<
    { kind: string; value: string; seq: number }[]
  >

export const revocationContract = (open: Open): void => {
  describe('revocation', () => {
    const database = useDatabase(open)

    it.each(MATCHES)('matches a token with $title: $revoked', async ({ claims, revoked }) => {
      const { store } = database
      expect(await store.findRevocation(token(claims))).toBeNull()
      await takeEverythingOnce(store)
      expect(await store.findRevocation(token(claims))).toBe(revoked)
    })

    const generations = MATCHES.filter(
      ({ claims, revoked }) => revoked !== null && !claims.kid && !claims.jti,
    )
    it.each(generations)(
      'is found by the rule alone and by the generation alone: $title',
      async ({ claims, revoked }) => {
        const { store, query } = database
        await takeEverythingOnce(store)
        const rows = revoked === 'workspace' ? 'workspaces' : `${revoked}s`
        await query(`update ${rows} set generation = 1 where id = '${SAME}'`)
        expect(await store.findRevocation(token(claims))).toBe(revoked)
        await query(`update ${rows} set generation = 2 where id = '${SAME}'`)
        await query('delete from revocations')
        expect(await store.findRevocation(token(claims))).toBe(revoked)
      },
    )

    it('keeps each rule as long as a token that it can match may live', async () => {
      await takeEverythingOnce(database.store)
      await database.store.closeRun({ workspaceId: SAME, identifier: 'run' }, NOW)
      const stored = await database.query(
        'select kind, value, gen, client_id, expires_at from revocations order by kind',
      )
      const last = NOW + RETENTION_SECONDS
      const rule = { gen: 2, client_id: null, expires_at: last }
      expect(stored).toEqual([
        { ...rule, kind: 'client', value: SAME },
        { kind: 'jti', value: 'jti-1', gen: null, client_id: SAME, expires_at: EXP },
        { kind: 'key', value: 'key-1', gen: null, client_id: null, expires_at: null },
        { ...rule, kind: 'plugin', value: SAME },
        { ...rule, kind: 'run', value: runRuleValue(seed.workspace.ref, 'run'), gen: null },
        { ...rule, kind: 'workspace', value: workspaceRuleValue(seed.workspace.ref) },
      ])
    })

    it('drops no rule when another is written, also with a time far ahead', async () => {
      const { store, query } = database
      await takeEverythingOnce(store)
      const far = NOW + 500 * RETENTION_SECONDS
      await store.revokeToken({ jti: 'jti-2', clientId: SAME, clientGen: 2, exp: far + 1 }, far)
      await store.closeRun({ workspaceId: SAME, identifier: 'run' }, far)
      await createdClient(store, 'another')
      await store.revokeClientTokens('another', far)
      const kinds = await query('select kind from revocations order by kind')
      expect(kinds.map(({ kind }) => kind).join(' ')).toBe(
        'client client jti jti key plugin run workspace',
      )
      expect(await store.findRevocation(token({ jti: 'jti-1' }))).toBe('jti')
    })

    it('drops a rule when no clock accepts its tokens any more, except a rule over a key', async () => {
      const { store, query } = database
      const kinds = async () =>
        (await query('select kind from revocations order by kind')).map(({ kind }) => kind)
      await takeEverythingOnce(store)
      await store.pruneRevocations(EXP + KEPT - 1)
      expect(await kinds()).toEqual(['client', 'jti', 'key', 'plugin', 'workspace'])
      await store.pruneRevocations(EXP + KEPT)
      expect(await kinds()).toEqual(['client', 'key', 'plugin', 'workspace'])
      await store.pruneRevocations(NOW + RETENTION_SECONDS + KEPT)
      expect(await kinds()).toEqual(['key'])
    })

    it('revives no token after its rule was pruned, and none that ended earlier', async () => {
      const { store } = database
      await takeEverythingOnce(store)
      await store.pruneRevocations(EXP + KEPT)
      for (const [exp, kind] of [
        [EXP - 1, 'jti'],
        [EXP, 'jti'],
        [EXP + 1, null],
      ] as const) {
        expect(await store.findRevocation(token({ jti: 'jti-1', exp }))).toBe(kind)
      }
      await store.pruneRevocations(NOW)
      expect(await store.findRevocation(token({ jti: 'jti-1', exp: EXP }))).toBe('jti')
    })

    it('keeps a rule while a token lives that a clock ahead has issued', async () => {
      const { store, query } = database
      const before = await store.findClock(NOW)
      await store.saveClock(before, { ...before, latestAt: NOW + 10_000 })
      await takeEverythingOnce(store)
      await store.closeRun({ workspaceId: SAME, identifier: 'run' }, NOW)
      const ends = await query(
        `select expires_at from revocations where kind not in ('jti', 'key')`,
      )
      expect(ends.map((row) => row['expires_at'])).toEqual(
        Array(4).fill(NOW + 10_000 + RETENTION_SECONDS),
      )
    })

    it('raises an existing rule to the highest generation, and keeps it longer', async () => {
      const { store, query } = database
      await createdClient(store, 'client')
      await store.revokeClientTokens('client', NOW)
      await store.revokeClientTokens('client', NOW + 60)
      expect((await theClient(store, 'client')).generation).toBe(3)
      expect(await query('select value, gen, expires_at from revocations')).toEqual([
        { value: 'client', gen: 3, expires_at: NOW + 60 + RETENTION_SECONDS },
      ])
      await createdPlugin(store, 'plugin')
      await store.revokePluginTokens('plugin', NOW)
      expect((await thePlugin(store, 'plugin')).generation).toBe(2)
    })

    it('numbers rules in the order of their commits, each number once', async () => {
      const { store } = database
      const grants = [{ audience: 'api', permissions: ['read'] }]
      for (const id of ['a', 'b', 'c']) await createdClient(store, id, { grants })
      let highest = 0
      for (const take of TAKINGS) {
        const before = new Set((await rules(database)).map((rule) => JSON.stringify(rule)))
        await take(store)
        const after = await rules(database)
        const written = after.filter((rule) => !before.has(JSON.stringify(rule)))
        expect(written.length).toBeGreaterThan(0)
        expect(Math.min(...written.map(({ seq }) => seq))).toBeGreaterThan(highest)
        highest = Math.max(...after.map(({ seq }) => seq))
        expect(await database.query('select id, seq from revocation_counter')).toEqual([
          { id: 1, seq: highest },
        ])
      }
    })

    it('numbers rules that several processes write at once, each number once', async () => {
      const stores = [database.store, await database.another()]
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (stores[i % 2] ?? database.store).revokeToken(
            { jti: `jti-${i}`, clientId: 'client', clientGen: 1, exp: EXP },
            NOW,
          ),
        ),
      )
      const numbers = (await rules(database)).map(({ seq }) => seq)
      expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    })

    it('changes nothing for a token that is revoked already', async () => {
      const { store } = database
      const revoked = { jti: 'jti-1', clientId: 'client', clientGen: 1, exp: EXP }
      await store.revokeToken(revoked, NOW)
      await expectNoChange(database, () => store.revokeToken(revoked, NOW + 1))
    })

    it('raises the generation of a client when it would have too many jti rules', async () => {
      const { store } = database
      await createdClient(store, 'busy')
      const revoke = (jti: string, clientGen: number, now = NOW, clientId = 'busy') =>
        store.revokeToken({ jti, clientId, clientGen, exp: EXP }, now)
      const revocation = (jti: string, clientGen: number) =>
        store.findRevocation(token({ jti, clientId: 'busy', clientGen }))
      const generation = async () => (await theClient(store, 'busy')).generation
      const jtis = Array.from({ length: MAX_JTI_RULES_PER_CLIENT }, (_, i) => `jti-${i}`)
      for (let i = 0; i < jtis.length; i += 50) {
        await Promise.all(jtis.slice(i, i + 50).map((jti) => revoke(jti, 1)))
      }
      expect(await generation()).toBe(1)
      expect(await revocation('jti-999', 1)).toBe('jti')
      expect(await revocation('one more', 1)).toBeNull()
      await expectNoChange(database, () => revoke('jti-0', 1))

      // The settled time is behind after an outage: rules over expired tokens do not count.
      await revoke('after an outage', 1, EXP)
      expect(await generation()).toBe(1)

      await revoke('one more', 1)
      expect(await generation()).toBe(2)
      expect(await revocation('one more', 1)).toBe('client')
      expect(await revocation('of the new generation', 2)).toBeNull()
      expect(await database.query(`select 1 from revocations where value = 'one more'`)).toEqual([])
      await expectNoChange(database, () => revoke('one more', 1))
      await expectNoChange(database, () => revoke('jti-0', 1))

      // The thousand rules of the old generation no longer count.
      await revoke('of the new generation', 2)
      expect(await generation()).toBe(2)
      expect(await revocation('of the new generation', 2)).toBe('jti')
      expect(await revocation('another', 2)).toBeNull()

      await createdClient(store, 'quiet')
      await revoke('of another', 1, NOW, 'quiet')
      expect((await theClient(store, 'quiet')).generation).toBe(1)
      expect(await store.findRevocation(token({ jti: 'of another' }))).toBe('jti')
    })

    describe('list', () => {
      const read = (after: number, aliveAt: number, limit = 100, until: number | null = null) =>
        database.store.readRevocationPage({ after, until, aliveAt, limit })
      const live = async (...of: Parameters<typeof read>) => {
        const { entries, count } = await read(...of)
        const values = (JSON.parse(entries) as { value: string }[]).map(({ value }) => value)
        expect(count).toBe(values.length)
        return values
      }
      const revoke = (jti: string, exp: number, now = NOW): Promise<void> =>
        database.store.revokeToken({ jti, clientId: 'client', clientGen: 1, exp }, now)

      it('has a head that moves on with every rule of any process', async () => {
        const [first, other] = [database.store, await database.another()]
        const before = await first.findRevocationHead()
        expect(before).toEqual({ epoch: expect.any(String) as unknown, seq: 0, prunedSeq: 0 })
        await other.revokeToken({ jti: 'a', clientId: 'client', clientGen: 1, exp: EXP }, NOW)
        expect(await first.findRevocationHead()).toEqual({ ...before, seq: 1 })
        await revoke('b', EXP)
        expect(await other.findRevocationHead()).toEqual({ ...before, seq: 2 })
      })

      it('has the live rules behind a number, up to a limit', async () => {
        for (const [i, jti] of ['a', 'b', 'c', 'd'].entries()) await revoke(jti, EXP + i)
        await database.store.revokeKeys(['key-1'], [key('key-3')], NOW)
        expect(await live(0, NOW)).toEqual(['a', 'b', 'c', 'd', 'key-1'])
        expect(await live(1, NOW, 2)).toEqual(['b', 'c'])
        expect(await live(0, EXP + 2)).toEqual(['a', 'b', 'c', 'd', 'key-1'])
        await lived(database.store, EXP + 3)
        expect(await live(0, EXP + 2)).toEqual(['d', 'key-1'])
        expect(await live(5, NOW)).toEqual([])
      })

      const settle = async (settledAt: number): Promise<void> => {
        const before = await database.store.findClock(NOW)
        expect(await database.store.saveClock(before, { ...before, settledAt })).toBe(true)
      }

      it('is read as JSON, up to the end of the page', async () => {
        for (const jti of ['a', 'b "c" \\ \u2028 ü', 'd']) await revoke(jti, EXP)
        await database.store.revokeKeys(['key-1'], [key('key-3')], NOW)
        const { entries, ...rest } = await read(0, NOW, 3)
        expect(rest).toEqual({ count: 3, last: 3, end: 3 })
        expect(JSON.parse(entries)).toEqual([
          { seq: 1, kind: 'jti', value: 'a', exp: EXP },
          { seq: 2, kind: 'jti', value: 'b "c" \\ \u2028 ü', exp: EXP },
          { seq: 3, kind: 'jti', value: 'd', exp: EXP },
        ])
        expect(await read(3, NOW, 3)).toMatchObject({ count: 1, last: 4, end: null })
        expect(JSON.parse((await read(3, NOW)).entries)).toEqual([
          { seq: 4, kind: 'key', value: 'key-1', exp: null },
        ])
        // Page up to a number: expired rules do not move its end, too many rules do.
        expect(await read(0, NOW, 3, 2)).toMatchObject({ count: 2, last: 2, end: 2 })
        expect(await read(0, NOW, 2, 3)).toMatchObject({ count: 2, last: 2, end: 2 })
        expect(await read(0, NOW, 4)).toMatchObject({ count: 4, end: null })
        expect(await read(4, NOW, 4, 4)).toEqual({ entries: '[]', count: 0, last: null, end: null })
        // A wall clock that is ahead ends no rule before the server has run that long.
        expect(await read(0, EXP, 3, 2)).toMatchObject({ count: 2 })
        await settle(EXP)
        expect(await read(0, EXP, 3, 2)).toEqual({ entries: '[]', count: 0, last: null, end: 2 })
        expect(await read(0, NOW, 3, 2)).toMatchObject({ count: 2 })
      })

      it('has ends of full pages, each with a live rule behind it', async () => {
        for (let i = 0; i < 10; i++) await revoke(`jti-${i}`, i === 2 ? NOW + 60 : EXP)
        const ends = (after: number, limit: number, aliveAt = NOW) =>
          database.store.listRevocationPageEnds({ after, aliveAt, limit })
        expect(await ends(0, 4)).toEqual([4, 8])
        expect(await ends(0, 5)).toEqual([5])
        expect(await ends(0, 10)).toEqual([])
        expect(await ends(5, 4)).toEqual([9])
        expect(await ends(0, 1)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
        expect(await ends(10, 1)).toEqual([])
        expect(await ends(0, 4, NOW + 60)).toEqual([4, 8])
        await settle(NOW + 60)
        expect(await ends(0, 4, NOW + 60)).toEqual([5, 9])
      })

      it('is pruned of rules that have expired everywhere, and remembers the last pruned number', async () => {
        const { store, query } = database
        await revoke('short', NOW + 60)
        await revoke('long', NOW + 600)
        await store.revokeKeys(['key-1'], [key('key-3')], NOW)
        await store.pruneRevocations(NOW + 60 + KEPT - 1)
        expect((await store.findRevocationHead()).prunedSeq).toBe(0)
        await store.pruneRevocations(NOW + 60 + KEPT)
        expect(await query('select value from revocations order by seq')).toEqual([
          { value: 'long' },
          { value: 'key-1' },
        ])
        expect(await store.findRevocationHead()).toMatchObject({ seq: 3, prunedSeq: 1 })
        await store.pruneRevocations(NOW + 10 * RETENTION_SECONDS)
        expect(await query('select value from revocations')).toEqual([{ value: 'key-1' }])
        expect(await store.findRevocationHead()).toMatchObject({ seq: 3, prunedSeq: 2 })
      })

      it('begins a new epoch with every key revoked', async () => {
        const { store } = database
        const before = await store.findRevocationHead()
        const kids = (await store.listKeys()).map(({ kid }) => kid)
        await store.beginEpoch([key('new-1'), key('new-2')], NOW)
        const after = await store.findRevocationHead()
        expect(after.epoch).not.toBe(before.epoch)
        expect(after.epoch).toMatch(/^[\w-]{16,}$/)
        expect((await live(before.seq, NOW)).toSorted()).toEqual(kids.toSorted())
        const states = (await store.listKeys()).map(({ kid, state }) => [kid, state])
        expect(Object.fromEntries(states)).toEqual({
          ...Object.fromEntries(kids.map((kid) => [kid, 'revoked'])),
          'new-1': 'active',
          'new-2': 'next',
        })
      })
    })
  })
}

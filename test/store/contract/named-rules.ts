import { describe, expect, it } from 'vitest'
import { MAX_UNKNOWN_JTI_RULES } from '../../../src/constants.ts'
import { namedRunValue } from '../../../src/grants/taking-away.ts'
import type { Cause, Revocation, Store } from '../../../src/store/store.ts'
import { type Open, expectNoChange, expectRefused, useDatabase } from './database.ts'
import {
  NOW,
  createdClient,
  createdPlugin,
  newWorkspace,
  theClient,
  thePlugin,
  theWorkspace,
  token,
} from './records.ts'

const EXP = NOW + 900
/** Written out, not imported: the longest lifetime of a token, and the widest clock tolerance. */
const LONGEST_SECONDS = 86_460

const CAUSE: Cause = { actor: 'cli:root', action: 'client.disable', requestId: 'request-1' }
const RECORDED = { createdBy: 'cli:root', action: 'client.disable', requestId: 'request-1' }

const newest = async (store: Store): Promise<Revocation> => {
  const { seq } = await store.findRevocationHead()
  const rule = await store.findRule(seq)
  if (rule === null) throw new Error('there is no rule')
  return rule
}

const fill = async (store: Store): Promise<void> => {
  await store.createWorkspace(newWorkspace('acme', 'Acme Ltd'), NOW)
  await createdClient(store, 'daemon', { workspaceId: 'acme', name: 'Night daemon' })
  await createdPlugin(store, 'slack', { name: 'Slack sync', trust: 'trusted' })
}

type Named = Pick<Revocation, 'kind' | 'name' | 'run' | 'workspaceId' | 'clientId'>
type Taking = [title: string, take: (store: Store, cause?: Cause) => Promise<void>, Named]

const UNNAMED = { name: null, run: null, workspaceId: null, clientId: null }

const TAKINGS: readonly Taking[] = [
  [
    'a token',
    (store, cause) =>
      store.revokeToken({ jti: 'j', clientId: 'daemon', clientGen: 1, exp: EXP }, NOW, cause),
    { kind: 'jti', name: 'Night daemon', run: null, workspaceId: 'acme', clientId: 'daemon' },
  ],
  [
    'an unknown token',
    (store, cause) => store.revokeUnknownToken('j', NOW, cause),
    { ...UNNAMED, kind: 'jti' },
  ],
  [
    'a client',
    (store, cause) => store.revokeClientTokens('daemon', NOW, cause),
    { ...UNNAMED, kind: 'client', name: 'Night daemon', workspaceId: 'acme' },
  ],
  [
    'a disabled client',
    async (store, cause) =>
      store.updateClient(await theClient(store, 'daemon'), { status: 'disabled' }, NOW, cause),
    { ...UNNAMED, kind: 'client', name: 'Night daemon', workspaceId: 'acme' },
  ],
  [
    'a deleted client',
    async (store, cause) => store.deleteClient(await theClient(store, 'daemon'), NOW, cause),
    { ...UNNAMED, kind: 'client', name: 'Night daemon', workspaceId: 'acme' },
  ],
  [
    'a plugin',
    (store, cause) => store.revokePluginTokens('slack', NOW, cause),
    { ...UNNAMED, kind: 'plugin', name: 'Slack sync' },
  ],
  [
    'a plugin with less trust',
    async (store, cause) =>
      store.updatePlugin(await thePlugin(store, 'slack'), { trust: 'restricted' }, NOW, cause),
    { ...UNNAMED, kind: 'plugin', name: 'Slack sync' },
  ],
  [
    'a workspace',
    async (store, cause) =>
      store.updateWorkspace(await theWorkspace(store, 'acme'), { status: 'suspended' }, NOW, cause),
    { ...UNNAMED, kind: 'workspace', name: 'Acme Ltd', workspaceId: 'acme' },
  ],
  [
    'a run',
    (store, cause) => store.closeRun({ workspaceId: 'acme', identifier: 'run/7' }, NOW, cause),
    { ...UNNAMED, kind: 'run', run: 'run/7', workspaceId: 'acme' },
  ],
  [
    'a run outside every workspace',
    (store, cause) => store.closeRun({ workspaceId: null, identifier: 'run/8' }, NOW, cause),
    { ...UNNAMED, kind: 'run', run: 'run/8' },
  ],
  [
    'a key',
    (store, cause) => store.revokeKeys(['key-2'], [], NOW, { ...(cause && { cause }) }),
    { ...UNNAMED, kind: 'key' },
  ],
]

export const namedRuleContract = (open: Open): void => {
  describe('rules with names and causes', () => {
    const database = useDatabase(open)

    it.each(TAKINGS)('have those of %s', async (_, take, named) => {
      const { store } = database
      await fill(store)
      await take(store, CAUSE)
      expect(await newest(store)).toMatchObject({ ...named, ...RECORDED, createdAt: NOW })
    })

    it.each(TAKINGS)('have no cause without one: %s', async (_, take, named) => {
      const { store } = database
      await fill(store)
      await take(store)
      const unknown = { createdBy: null, action: null, requestId: null }
      expect(await newest(store)).toMatchObject({ ...named, ...unknown })
    })

    it('have the cause and the time of the generation that counts', async () => {
      const { store } = database
      await fill(store)
      await store.revokeClientTokens('daemon', NOW, CAUSE)
      const later = { actor: 'client:a', action: 'client.revoke_tokens', requestId: 'request-2' }
      await store.revokeClientTokens('daemon', NOW + 60, later)
      expect(await newest(store)).toMatchObject({
        createdBy: 'client:a',
        action: 'client.revoke_tokens',
        requestId: 'request-2',
        createdAt: NOW + 60,
      })
    })

    it('have no cause, and no name of a workspace, if an earlier version wrote them', async () => {
      const { store } = database
      await fill(store)
      await store.updateWorkspace(await theWorkspace(store, 'acme'), { status: 'suspended' }, NOW)
      await database.query('update revocations set workspace_id = null')
      expect(await newest(store)).toMatchObject({ ...UNNAMED, kind: 'workspace', createdBy: null })
    })

    it('name runs that were closed before references existed', async () => {
      const { store } = database
      await fill(store)
      await store.closeRun({ workspaceId: 'acme', identifier: 'run/7' }, NOW)
      await database.query('update closed_runs set rule_value = null')
      const value = namedRunValue('acme', 'run/7')
      await database.query(`update revocations set workspace_id = null, value = '${value}'`)
      expect(await newest(store)).toMatchObject({ run: 'run/7', workspaceId: 'acme' })
    })

    it('are found by their number, within a workspace only those of its list', async () => {
      const { store } = database
      await fill(store)
      const seqs: number[] = []
      for (const [, take] of TAKINGS.filter(([title]) => title !== 'a deleted client')) {
        await take(store)
        seqs.push((await store.findRevocationHead()).seq)
      }
      for (const workspaceId of ['acme', 'default', 'nope', undefined]) {
        const listed = (await store.listRevocations({ workspaceId })).map(({ seq }) => seq)
        const found: number[] = []
        for (const seq of new Set(seqs)) {
          if ((await store.findRule(seq, { workspaceId })) !== null) found.push(seq)
        }
        expect(found, workspaceId).toEqual(listed.filter((seq) => seqs.includes(seq)))
      }
      expect(await store.findRule(999)).toBeNull()
    })

    it('explain why a token is revoked, also after they are deleted', async () => {
      const { store } = database
      await fill(store)
      const claims = token({ clientId: 'daemon', clientGen: 1 })
      expect(await store.explainRevocation(claims)).toBeNull()
      await store.revokeClientTokens('daemon', NOW, CAUSE)
      expect(await store.explainRevocation(claims)).toMatchObject({
        kind: 'client',
        rule: RECORDED,
      })
      await database.query('delete from revocations')
      expect(await store.explainRevocation(claims)).toEqual({ kind: 'client', rule: null })
    })
  })

  describe('tokens of which only the id is known', () => {
    const database = useDatabase(open)

    it('are revoked for as long as the longest token, without a client', async () => {
      const { store } = database
      await store.revokeUnknownToken('j', NOW)
      expect(await newest(store)).toMatchObject({
        kind: 'jti',
        value: 'j',
        clientId: null,
        expiresAt: NOW + LONGEST_SECONDS,
      })
      expect(await store.findRevocation(token({ jti: 'j', clientId: 'any' }))).toBe('jti')
      await expectNoChange(database, () => store.revokeUnknownToken('j', NOW + 1))
    })

    it('last from the latest time at which a token may have been issued', async () => {
      const { store } = database
      await store.noteIssuance(NOW + 500)
      await store.revokeUnknownToken('j', NOW)
      expect((await newest(store)).expiresAt).toBe(NOW + 500 + LONGEST_SECONDS)
    })

    it('are revoked up to a limit of live rules', async () => {
      const { store } = database
      await database.query(`insert into revocations (seq, kind, value, client_id, expires_at, created_at)
        with recursive n(i) as (select 1 union all select i + 1 from n where i < ${MAX_UNKNOWN_JTI_RULES})
        select i, 'jti', 'j' || i, '', ${EXP}, ${NOW} from n`)
      await database.query(`update revocation_counter set seq = ${MAX_UNKNOWN_JTI_RULES}`)
      await expectRefused(database, 'too_many_revocations', () =>
        store.revokeUnknownToken('one more', NOW),
      )
      await expectNoChange(database, () => store.revokeUnknownToken('j1', NOW))
      await store.revokeUnknownToken('one more', EXP)
      expect(await store.findRevocation(token({ jti: 'one more' }))).toBe('jti')
    })

    it('have a rule although their client has a later generation', async () => {
      const { store } = database
      await createdClient(store, 'daemon')
      await store.revokeClientTokens('daemon', NOW)
      await store.revokeToken({ jti: 'j', clientId: 'daemon', clientGen: null, exp: EXP }, NOW)
      expect(await newest(store)).toMatchObject({ kind: 'jti', value: 'j', clientId: 'daemon' })
    })

    it('raise the generation of their client once it has too many rules', async () => {
      const { store } = database
      await createdClient(store, 'daemon')
      await database.query(`insert into revocations (seq, kind, value, client_id, expires_at, created_at)
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
        select i, 'jti', 'j' || i, 'daemon', ${EXP}, ${NOW} from n`)
      await store.revokeToken(
        { jti: 'one more', clientId: 'daemon', clientGen: null, exp: EXP },
        NOW,
      )
      expect((await theClient(store, 'daemon')).generation).toBe(2)
      const left = await store.listRevocations({ clientId: 'daemon' })
      expect(left.map(({ kind, value }) => [kind, value])).toEqual([['client', 'daemon']])
    })
  })

  describe('closed runs', () => {
    const database = useDatabase(open)

    it('are found by workspace and identifier', async () => {
      const { store } = database
      await store.closeRun({ workspaceId: 'default', identifier: 'run-1' }, NOW)
      const run = { workspaceId: 'default', identifier: 'run-1' }
      expect(await store.findClosedRun(run)).toMatchObject({ ...run, createdAt: NOW })
      expect(await store.findClosedRun({ ...run, workspaceId: null })).toBeNull()
      expect(await store.findClosedRun({ ...run, identifier: 'run-2' })).toBeNull()
    })
  })
}

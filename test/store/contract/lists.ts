import { describe, expect, it } from 'vitest'
import { workspaceRuleValue } from '../../../src/grants/taking-away.ts'
import type { Position, Store } from '../../../src/store/store.ts'
import { type Open, useDatabase } from './database.ts'
import {
  createdClient,
  createdPlugin,
  newWorkspace,
  NOW,
  plugin,
  theClient,
  thePlugin,
  theWorkspace,
} from './records.ts'

const EXP = NOW + 900

/**
 * Fills the database beside the workspace `default`, the client `root` and the audiences of the
 * seed.
 */
const fill = async (store: Store): Promise<void> => {
  await store.createWorkspace(newWorkspace('acme', 'Acme'), NOW + 1)
  await store.createPlugin(plugin('slack', { trust: 'trusted', capabilities: ['a:b', 'c'] }), NOW)
  await createdPlugin(store, 'mail')
  const grants = [{ audience: 'api', permissions: ['read'] }]
  await createdClient(store, 'one', { workspaceId: 'acme', plugins: ['slack'], grants })
  await createdClient(store, 'two', { name: 'Second', plugins: ['mail', 'slack'] })
  await createdClient(store, 'three')
  await store.updateClient(await theClient(store, 'three'), { status: 'disabled' }, NOW)
  await createdClient(store, 'gone', { plugins: ['slack'] })
  await store.deleteClient(await theClient(store, 'gone'), NOW)
}

type Listing = (store: Store) => Promise<{ id: string }[]>

const LISTINGS: readonly (readonly [title: string, list: Listing, ids: string[]])[] = [
  ['all workspaces', (s) => s.listWorkspaces(), ['default', 'acme']],
  ['workspaces by id', (s) => s.listWorkspaces({ ids: ['acme', 'nope'] }), ['acme']],
  ['no id, no workspace', (s) => s.listWorkspaces({ ids: [] }), []],
  ['active workspaces', (s) => s.listWorkspaces({ status: 'active' }), ['default', 'acme']],
  ['suspended workspaces', (s) => s.listWorkspaces({ status: 'suspended' }), []],
  ['audiences by id', (s) => s.listAudiences({ ids: ['hook', 'api'] }), ['api', 'hook']],
  ['audiences that need a plugin', (s) => s.listAudiences({ requiresPlugin: true }), ['hook']],
  [
    'audiences that need none',
    (s) => s.listAudiences({ requiresPlugin: false }),
    ['api', 'latchkey'],
  ],
  ['audiences by algorithm', (s) => s.listAudiences({ algorithm: 'ES256' }), []],
  ['all plugins', (s) => s.listPlugins(), ['mail', 'slack']],
  ['plugins by id', (s) => s.listPlugins({ ids: ['mail'] }), ['mail']],
  ['plugins by trust', (s) => s.listPlugins({ trust: 'trusted' }), ['slack']],
  ['plugins by a capability', (s) => s.listPlugins({ capability: 'a:b' }), ['slack']],
  ['plugins by a part of one', (s) => s.listPlugins({ capability: 'a' }), []],
  ['all clients but deleted ones', (s) => s.listClients(), ['one', 'root', 'three', 'two']],
  ['clients by workspace', (s) => s.listClients({ workspaceId: 'acme' }), ['one']],
  ['disabled clients', (s) => s.listClients({ status: 'disabled' }), ['three']],
  ['deleted clients are none', (s) => s.listClients({ status: 'deleted' }), []],
  ['clients by name', (s) => s.listClients({ name: 'Second' }), ['two']],
  ['clients by plugin', (s) => s.listClients({ pluginId: 'slack' }), ['one', 'two']],
  ['clients by audience', (s) => s.listClients({ audience: 'api' }), ['one']],
  [
    'clients by two that must both fit',
    (s) => s.listClients({ pluginId: 'slack', workspaceId: 'acme' }),
    ['one'],
  ],
]

/** Reads one entry of each list at a time. */
const PARTS: Record<string, (store: Store, after: Position | undefined) => Promise<Position[]>> = {
  workspaces: (store, after) => store.listWorkspaces({}, { after, limit: 1 }),
  audiences: (store, after) => store.listAudiences({}, { after, limit: 1 }),
  plugins: (store, after) => store.listPlugins({}, { after, limit: 1 }),
  clients: (store, after) => store.listClients({}, { after, limit: 1 }),
}

const WHOLE: Record<string, (store: Store) => Promise<Position[]>> = {
  workspaces: (store) => store.listWorkspaces(),
  audiences: (store) => store.listAudiences(),
  plugins: (store) => store.listPlugins(),
  clients: (store) => store.listClients(),
}

export const listContract = (open: Open): void => {
  describe('lists', () => {
    const database = useDatabase(open)

    it('have all entries that fit the filters, oldest first', async () => {
      const { store } = database
      await fill(store)
      for (const [title, list, ids] of LISTINGS) {
        expect(
          (await list(store)).map(({ id }) => id),
          title,
        ).toEqual(ids)
      }
    })

    it.each(Object.keys(PARTS))('return all entries in parts: %s', async (name) => {
      const { store } = database
      await fill(store)
      const whole = await WHOLE[name]?.(store)
      const parts: Position[] = []
      for (let after: Position | undefined; ;) {
        const [row] = (await PARTS[name]?.(store, after)) ?? []
        if (row === undefined) break
        parts.push(row)
        after = row
      }
      expect(parts.length).toBeGreaterThan(1)
      expect(parts).toEqual(whole)
    })

    it('return rules in the order of their numbers, and by their subject', async () => {
      const { store } = database
      await fill(store)
      const before = (await store.listRevocations()).at(-1)?.seq ?? 0
      await store.revokeToken({ jti: 'j1', clientId: 'one', clientGen: 1, exp: EXP }, NOW)
      await store.revokeToken({ jti: 'j2', clientId: 'two', clientGen: 1, exp: EXP }, NOW)
      await store.revokeClientTokens('one', NOW)
      const slack = await thePlugin(store, 'slack')
      await store.updatePlugin(slack, { trust: 'restricted' }, NOW)
      const acme = await theWorkspace(store, 'acme')
      await store.updateWorkspace(acme, { status: 'suspended' }, NOW)
      await store.revokeKeys(['key-2'], [], NOW)

      const rules = await store.listRevocations({}, { after: before })
      const shown = rules.map(({ kind, value }) => [kind, value])
      expect(shown).toEqual([
        ['jti', 'j1'],
        ['jti', 'j2'],
        ['client', 'one'],
        ['plugin', 'slack'],
        ['workspace', workspaceRuleValue(newWorkspace('acme').ref)],
        ['key', 'key-2'],
      ])
      expect(rules[0]).toEqual({
        seq: before + 1,
        kind: 'jti',
        value: 'j1',
        gen: null,
        clientId: 'one',
        name: 'one',
        run: null,
        workspaceId: 'acme',
        expiresAt: EXP,
        createdAt: NOW,
        createdBy: null,
        action: null,
        requestId: null,
      })
      const values = async (filter: Parameters<Store['listRevocations']>[0]) =>
        (await store.listRevocations(filter, { after: before })).map(({ value }) => value)
      expect(await values({ kind: 'key' })).toEqual(['key-2'])
      expect(await values({ clientId: 'one' })).toEqual(['j1', 'one'])
      expect(await values({ workspaceId: 'acme' })).toEqual([
        'j1',
        'one',
        workspaceRuleValue(newWorkspace('acme').ref),
      ])
      expect(await values({ workspaceId: 'nope' })).toEqual([])
      const second = await store.listRevocations({}, { after: before + 1, limit: 1 })
      expect(second).toMatchObject([{ value: 'j2' }])
    })
  })
}

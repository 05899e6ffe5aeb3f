import { describe, expect, it } from 'vitest'
import type { Store } from '../../../src/store/store.ts'
import { type Open, useDatabase } from './database.ts'
import {
  NOW,
  createdClient,
  createdPlugin,
  secret,
  seed,
  theClient,
  theWorkspace,
} from './records.ts'

const HASH = 'hash of login-secret'

type Case = { title: string; prepare: (store: Store) => Promise<unknown>; hashes: string[] }

const create = (store: Store, expiresAt: number | null = null) =>
  createdClient(store, 'login', { secret: secret('login-secret', expiresAt) })

const setStatus = async (store: Store, status: 'active' | 'disabled') =>
  await store.updateClient(await theClient(store, 'login'), { status }, NOW)

const setWorkspace = async (store: Store, status: 'active' | 'suspended') =>
  await store.updateWorkspace(await theWorkspace(store, 'default'), { status }, NOW)

const CASES: Case[] = [
  { title: 'an unknown client', prepare: async () => {}, hashes: [] },
  { title: 'a client with a secret', prepare: (store) => create(store), hashes: [HASH] },
  {
    title: 'a client with two secrets',
    prepare: async (store) => {
      await create(store)
      await store.addSecret('login', secret('second'), NOW + 60, NOW)
    },
    hashes: ['hash of login-secret', 'hash of second'],
  },
  {
    title: 'a secret in its last second',
    prepare: (store) => create(store, NOW + 1),
    hashes: [HASH],
  },
  { title: 'an expired secret', prepare: (store) => create(store, NOW), hashes: [] },
  {
    title: 'a revoked secret',
    prepare: async (store) => {
      await create(store)
      await store.revokeSecret('login', 'login-secret', NOW)
    },
    hashes: [],
  },
  {
    title: 'a disabled client',
    prepare: async (store) => {
      await create(store)
      await setStatus(store, 'disabled')
    },
    hashes: [],
  },
  {
    title: 'a client that is enabled again',
    prepare: async (store) => {
      await create(store)
      await setStatus(store, 'disabled')
      await setStatus(store, 'active')
    },
    hashes: [HASH],
  },
  {
    title: 'a client of a suspended workspace',
    prepare: async (store) => {
      await create(store)
      await setWorkspace(store, 'suspended')
    },
    hashes: [],
  },
  {
    title: 'a client of a workspace that resumed',
    prepare: async (store) => {
      await create(store)
      await setWorkspace(store, 'suspended')
      await setWorkspace(store, 'active')
    },
    hashes: [HASH],
  },
  {
    title: 'a deleted client',
    prepare: async (store) => await store.deleteClient(await create(store), NOW),
    hashes: [],
  },
]

export const loginContract = (open: Open): void => {
  describe('the token request', () => {
    const database = useDatabase(open)

    it.each(CASES)('finds the login hashes of $title: $hashes', async ({ prepare, hashes }) => {
      const { store } = database
      await createdClient(store, 'other')
      await prepare(store)
      const rows = await database.query('select hash from client_secrets')
      const found: string[] = []
      for (const { hash } of rows as { hash: string }[]) {
        const login = await store.findLogin('login', hash, NOW)
        if (login !== null) found.push(login.hash)
      }
      expect(found.toSorted()).toEqual(hashes)
      expect(await store.findLogin('unknown', HASH, NOW)).toBeNull()
      expect(await store.findLogin('other', HASH, NOW)).toBeNull()
    })

    it('keeps the login of an unbound client out of what happens to workspaces', async () => {
      await setWorkspace(database.store, 'suspended')
      expect(await database.store.findLogin('root', 'hash of root-secret', NOW)).toEqual({
        id: 'root-secret',
        hash: 'hash of root-secret',
      })
    })

    it('reads all that a token is made from', async () => {
      const { store } = database
      const capabilities = ['connector:chat']
      await createdClient(store, 'login')
      await createdPlugin(store, 'chat', { trust: 'trusted', capabilities, snapshot: 'v1' })
      await createdClient(store, 'subject', {
        tokenTtl: 120,
        quotaPerMinute: 7,
        plugins: ['chat'],
        grants: [
          { audience: 'hook', permissions: ['hook:track', 'hook:govern'] },
          { audience: 'api', permissions: ['read', 'full'] },
        ],
        introspects: ['hook', 'api'],
        ledger: true,
        limitedBy: 'login',
      })
      const defaults = { tokenTtl: null, algorithm: 'RS256' }
      expect(await store.findGrantedClient('subject')).toEqual({
        id: 'subject',
        status: 'active',
        tokenTtl: 120,
        quotaPerMinute: 7,
        generation: 1,
        workspace: { id: 'default', status: 'active', generation: 1 },
        workspaceRef: seed.workspace.ref,
        plugins: [{ id: 'chat', trust: 'trusted', capabilities, snapshot: 'v1', generation: 1 }],
        grants: [
          {
            audience: {
              ...defaults,
              id: 'api',
              requiresPlugin: false,
              permissions: [
                { name: 'full', implies: ['write'] },
                { name: 'write', implies: ['read'] },
                { name: 'read', implies: [] },
              ],
            },
            permissions: ['full', 'read'],
          },
          {
            audience: {
              ...defaults,
              id: 'hook',
              requiresPlugin: true,
              permissions: [
                { name: 'hook:govern', implies: [] },
                { name: 'hook:track', implies: [] },
              ],
            },
            permissions: ['hook:govern', 'hook:track'],
          },
        ],
        introspects: ['api', 'hook'],
        details: [],
        ledger: true,
        limitedBy: { id: 'login', quotaPerMinute: null },
      })
    })

    it('reads a subject without workspace, plugin or grant as having none', async () => {
      const { store } = database
      await createdClient(store, 'bare', { workspaceId: null })
      expect(await store.findGrantedClient('bare')).toMatchObject({
        workspace: null,
        tokenTtl: null,
        quotaPerMinute: null,
        plugins: [],
        grants: [],
        introspects: [],
        details: [],
        ledger: false,
      })
      expect(await store.findGrantedClient('nobody')).toBeNull()
    })

    it('shows a suspended workspace and a raised generation at once', async () => {
      const { store } = database
      const before = await createdClient(store, 'subject')
      await setWorkspace(store, 'suspended')
      await store.updateClient(before, { status: 'disabled' }, NOW)
      expect(await store.findGrantedClient('subject')).toMatchObject({
        status: 'disabled',
        generation: 2,
        workspace: { id: 'default', status: 'suspended', generation: 2 },
      })
    })
  })
}

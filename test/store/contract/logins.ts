import { describe, expect, it } from 'vitest'
import type { RefusedClient, Store } from '../../../src/store/store.ts'
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

type Case = {
  title: string
  prepare: (store: Store) => Promise<unknown>
  hashes: string[]
  /** Result of `explainRefusal` for the secret `login-secret`. */
  refused: Partial<RefusedClient> | null
}

const OPEN = { secret: { expiresAt: null, revokedAt: null } }

const create = (store: Store, expiresAt: number | null = null) =>
  createdClient(store, 'login', { secret: secret('login-secret', expiresAt) })

const setStatus = async (store: Store, status: 'active' | 'disabled') =>
  await store.updateClient(await theClient(store, 'login'), { status }, NOW)

const setWorkspace = async (store: Store, status: 'active' | 'suspended') =>
  await store.updateWorkspace(await theWorkspace(store, 'default'), { status }, NOW)

const CASES: Case[] = [
  { title: 'an unknown client', prepare: async () => {}, hashes: [], refused: null },
  {
    title: 'a client with a secret',
    prepare: (store) => create(store),
    hashes: [HASH],
    refused: OPEN,
  },
  {
    title: 'a client with two secrets',
    prepare: async (store) => {
      await create(store)
      await store.addSecret('login', secret('second'), NOW + 60, NOW)
    },
    hashes: ['hash of login-secret', 'hash of second'],
    refused: { secret: { expiresAt: NOW + 60, revokedAt: null } },
  },
  {
    title: 'a secret in its last second',
    prepare: (store) => create(store, NOW + 1),
    hashes: [HASH],
    refused: { secret: { expiresAt: NOW + 1, revokedAt: null } },
  },
  {
    title: 'an expired secret',
    prepare: (store) => create(store, NOW),
    hashes: [],
    refused: { secret: { expiresAt: NOW, revokedAt: null } },
  },
  {
    title: 'a revoked secret',
    prepare: async (store) => {
      await create(store)
      await store.revokeSecret('login', 'login-secret', NOW)
    },
    hashes: [],
    refused: { secret: { expiresAt: null, revokedAt: NOW } },
  },
  {
    title: 'a disabled client',
    prepare: async (store) => {
      await create(store)
      await setStatus(store, 'disabled')
    },
    hashes: [],
    refused: { ...OPEN, status: 'disabled' },
  },
  {
    title: 'a client that is enabled again',
    prepare: async (store) => {
      await create(store)
      await setStatus(store, 'disabled')
      await setStatus(store, 'active')
    },
    hashes: [HASH],
    refused: OPEN,
  },
  {
    title: 'a client of a suspended workspace',
    prepare: async (store) => {
      await create(store)
      await setWorkspace(store, 'suspended')
    },
    hashes: [],
    refused: { ...OPEN, workspaceStatus: 'suspended' },
  },
  {
    title: 'a client of a workspace that resumed',
    prepare: async (store) => {
      await create(store)
      await setWorkspace(store, 'suspended')
      await setWorkspace(store, 'active')
    },
    hashes: [HASH],
    refused: OPEN,
  },
  {
    title: 'a deleted client',
    prepare: async (store) => await store.deleteClient(await create(store), NOW),
    hashes: [],
    refused: { secret: null, status: 'deleted' },
  },
]

export const loginContract = (open: Open): void => {
  describe('token request', () => {
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

    it.each(CASES)('explains the refused login of $title', async ({ prepare, refused }) => {
      const { store } = database
      await createdClient(store, 'other')
      await prepare(store)
      const state = { status: 'active', workspaceStatus: 'active', hasRegistrationToken: false }
      const wrong = refused && { ...state, ...refused, secret: null }
      const right = refused && { ...state, ...refused }
      expect(await store.explainRefusal('login', HASH)).toEqual(right)
      expect(await store.explainRefusal('login', 'hash of another')).toEqual(wrong)
      const other = { status: 'active', secret: null }
      expect(await store.explainRefusal('other', HASH)).toMatchObject(other)
      for (const id of ['', 'a', 'logi', 'login0', '~', 'é', '\u{10ffff}']) {
        expect(await store.explainRefusal(id, HASH)).toBeNull()
      }
    })

    it('explains a refused registration access token', async () => {
      const { store } = database
      await createdClient(store, 'enrolled', { registrationHash: 'hash of token' })
      await createdClient(store, 'other', { workspaceId: null, registrationHash: 'hash of other' })
      const found = async (id: string, hash: string) =>
        (await store.explainRefusal(id, hash))?.hasRegistrationToken
      expect(await found('enrolled', 'hash of token')).toBe(true)
      expect(await found('enrolled', 'hash of other')).toBe(false)
      expect(await found('enrolled', 'hash of enrolled-secret')).toBe(false)
      expect(await found('unknown', 'hash of token')).toBeUndefined()
      expect(await store.explainRefusal('other', 'hash of other')).toEqual({
        status: 'active',
        workspaceStatus: null,
        secret: null,
        hasRegistrationToken: true,
      })
    })

    it('finds the login of an unbound client when a workspace is suspended', async () => {
      await setWorkspace(database.store, 'suspended')
      expect(await database.store.findLogin('root', 'hash of root-secret', NOW)).toEqual({
        id: 'root-secret',
        hash: 'hash of root-secret',
        clientId: 'root',
        expiresAt: null,
      })
    })

    it('reads everything that a token is made from', async () => {
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
        plugins: [
          {
            id: 'chat',
            status: 'active',
            trust: 'trusted',
            capabilities,
            snapshot: 'v1',
            generation: 1,
          },
        ],
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

    it('reads a client without workspace, plugin or grant as having none', async () => {
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

    it('reads a suspended workspace and a raised generation at once', async () => {
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

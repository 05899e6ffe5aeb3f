import { describe, expect, it } from 'vitest'
import { LAST_GENERATION } from '../../../src/constants.ts'
import type { Client, ClientChange, Grant, NewClient } from '../../../src/store/store.ts'
import { type Current, type Open, expectRefused, useDatabase } from './database.ts'
import {
  NOW,
  client,
  createdClient,
  createdPlugin,
  theClient,
  thePlugin,
  token,
} from './records.ts'

const grant = (audience: string, ...permissions: string[]): Grant => ({ audience, permissions })

const HELD = {
  plugins: ['chat', 'files'],
  grants: [grant('api', 'full', 'read'), grant('hook', 'hook:govern')],
  introspects: ['api'],
} satisfies Partial<NewClient>

type Case = { change: ClientChange; takes: boolean }

const CASES: Case[] = [
  { change: {}, takes: false },
  { change: { name: 'New' }, takes: false },
  { change: { tokenTtl: 60 }, takes: false },
  { change: { quotaPerMinute: 1 }, takes: false },
  { change: { ledger: true }, takes: false },
  { change: { status: 'active' }, takes: false },
  { change: { status: 'disabled' }, takes: true },
  { change: { plugins: HELD.plugins }, takes: false },
  { change: { plugins: ['chat', 'files', 'more'] }, takes: false },
  { change: { plugins: ['files'] }, takes: true },
  { change: { plugins: ['files', 'more'] }, takes: true },
  { change: { plugins: [] }, takes: true },
  { change: { grants: HELD.grants }, takes: false },
  { change: { grants: [...HELD.grants, grant('latchkey', 'admin:read')] }, takes: false },
  {
    change: { grants: [grant('api', 'full', 'write', 'read'), grant('hook', 'hook:govern')] },
    takes: false,
  },
  // A removed permission counts even if another one implies it: the grant as written is the limit.
  { change: { grants: [grant('api', 'full'), grant('hook', 'hook:govern')] }, takes: true },
  { change: { grants: [grant('api', 'full', 'read')] }, takes: true },
  { change: { grants: [grant('api', 'full', 'read'), grant('hook', 'hook:track')] }, takes: true },
  { change: { grants: [] }, takes: true },
  { change: { introspects: ['api', 'hook'] }, takes: false },
  { change: { introspects: [] }, takes: false },
  { change: { name: 'New', plugins: ['more'], grants: [], introspects: ['hook'] }, takes: true },
]

const withPlugins = async ({ store }: Current): Promise<Client> => {
  for (const id of ['chat', 'files', 'more']) await createdPlugin(store, id)
  return await createdClient(store, 'client', HELD)
}

export const clientContract = (open: Open): void => {
  describe('clients', () => {
    const database = useDatabase(open)

    const revocation = (clientGen: number, clientId = 'client') =>
      database.store.findRevocation(token({ clientId, clientGen }))

    it('are created with all given values, and are listed oldest first', async () => {
      const { store } = database
      await createdPlugin(store, 'chat')
      await createdPlugin(store, 'files')
      const {
        secret: _secret,
        createPlugins: _createPlugins,
        ...given
      } = client('client', {
        tokenTtl: 60,
        quotaPerMinute: 5,
        ...HELD,
      })
      await store.createClient(client('client', given), NOW + 1)
      expect(await theClient(store, 'client')).toEqual({
        ...given,
        softwareId: null,
        redirectUris: [],
        unusedAfter: null,
        ledger: false,
        status: 'active',
        authMethod: 'client_secret_basic',
        generation: 1,
        etag: expect.stringMatching(/^.{16}$/),
        createdAt: NOW + 1,
      })
      await createdClient(store, 'another')
      const ids = (await store.listClients()).map(({ id }) => id)
      expect(ids).toEqual(['another', 'root', 'client'])
      expect(await store.findClient('nobody')).toBeNull()
    })

    it('create missing plugins with the least trust when createPlugins is set', async () => {
      const { store } = database
      const chat = await createdPlugin(store, 'chat', { trust: 'bundled', name: 'Chat' })
      await createdClient(store, 'client', { plugins: ['chat', 'new'], createPlugins: true })
      expect(await thePlugin(store, 'chat')).toEqual(chat)
      expect(await thePlugin(store, 'new')).toMatchObject({
        name: 'new',
        trust: 'restricted',
        capabilities: [],
        snapshot: null,
        generation: 1,
        createdAt: NOW,
      })
      expect((await theClient(store, 'client')).plugins).toEqual(['chat', 'new'])
    })

    it.each(CASES)(
      'lose their tokens on a change to $change: $takes, case %#',
      async ({ change, takes }) => {
        const { store } = database
        const before = await withPlugins(database)
        await createdClient(store, 'other', HELD)
        await store.updateClient(before, change, NOW)

        const after = await theClient(store, 'client')
        const generation = takes ? 2 : 1
        expect(after).toEqual({ ...before, ...change, generation, etag: after.etag })
        expect(after.etag).not.toBe(before.etag)
        expect(await revocation(1)).toBe(takes ? 'client' : null)
        expect(await revocation(generation)).toBeNull()
        expect(await revocation(1, 'other')).toBeNull()
        expect(await theClient(store, 'other')).toMatchObject({ ...HELD, generation: 1 })
      },
    )

    it('lose their tokens for good when they are disabled and enabled again', async () => {
      const { store } = database
      await createdClient(store, 'client')
      for (const status of ['disabled', 'disabled', 'active'] as const) {
        await store.updateClient(await theClient(store, 'client'), { status }, NOW)
        expect(await theClient(store, 'client')).toMatchObject({ status, generation: 2 })
      }
      expect(await revocation(1)).toBe('client')
      expect(await revocation(2)).toBeNull()
    })

    it('lose all tokens by revokeClientTokens, and nothing else', async () => {
      const { store } = database
      const before = await withPlugins(database)
      await store.revokeClientTokens('client', NOW)
      const after = await theClient(store, 'client')
      expect(after).toEqual({ ...before, generation: 2, etag: after.etag })
      expect(await revocation(1)).toBe('client')
      expect(await revocation(2)).toBeNull()
    })

    it('leave a tombstone when they are deleted', async () => {
      const { store, query } = database
      const before = await withPlugins(database)
      expect(await store.findDeletedClient('client')).toBeNull()
      await store.deleteClient(before, NOW)
      expect(await store.findClient('client')).toBeNull()
      const { workspaceId } = before
      expect(await store.findDeletedClient('client')).toEqual({ id: 'client', workspaceId })
      expect((await store.listClients()).map(({ id }) => id)).toEqual(['root'])
      expect(await store.findLogin('client', 'hash of client-secret', NOW)).toBeNull()
      expect(await store.listSecrets('client', NOW)).toEqual([])
      expect(await query(`select 1 from client_secrets where client_id = 'client'`)).toEqual([])
      expect(await store.findGrantedClient('client')).toMatchObject({
        status: 'deleted',
        generation: LAST_GENERATION,
        plugins: [],
        grants: [],
        introspects: [],
      })
      expect(await revocation(LAST_GENERATION - 1)).toBe('client')
      expect(await query(`select gen from revocations where value = 'client'`)).toEqual([
        { gen: LAST_GENERATION },
      ])
    })

    it('are deleted for good: the id stays taken, and every change is refused', async () => {
      const { store } = database
      const before = await createdClient(store, 'client')
      await store.deleteClient(before, NOW)
      const { etag = '' } =
        (await database.query(`select etag from clients where id = 'client'`)).find(
          (row): row is { etag: string } => 'etag' in row,
        ) ?? {}
      const tombstone = { ...before, etag }
      await expectRefused(database, 'already_exists', () =>
        store.createClient(client('client'), NOW),
      )
      const changes = [
        () => store.updateClient(tombstone, { status: 'active' }, NOW),
        () => store.deleteClient(tombstone, NOW),
        () => store.revokeClientTokens('client', NOW),
        () => store.addSecret('client', client('client').secret, NOW, NOW),
      ]
      for (const change of changes) await expectRefused(database, 'conflict', change)
    })
  })
}

import { describe, expect, it } from 'vitest'
import { UNUSED_GRACE_SECONDS } from '../../../src/constants.ts'
import type { NewEnrollment, Store } from '../../../src/store/store.ts'
import { type Open, expectNoChange, expectRefused, useDatabase } from './database.ts'
import {
  NOW,
  client,
  createdClient,
  createdPlugin,
  theClient,
  thePlugin,
  theWorkspace,
} from './records.ts'

const HOUR = 3600
const DAY = 24 * HOUR

const enrollment = (id: string, options: Partial<NewEnrollment> = {}): NewEnrollment => ({
  id,
  name: id,
  hash: `hash of ${id}`,
  workspaceId: 'default',
  plugins: [],
  grants: [{ audience: 'api', permissions: ['read'] }],
  details: [],
  unusedAfter: null,
  expiresAt: NOW + HOUR,
  createdBy: null,
  createdByGeneration: null,
  ...options,
})

const created = async (store: Store, id: string, options: Partial<NewEnrollment> = {}) => {
  await store.createEnrollment(enrollment(id, options), NOW)
}

export const enrollmentContract = (open: Open): void => {
  describe('enrollments', () => {
    const database = useDatabase(open)

    it('are revoked by a new epoch, except used ones', async () => {
      const { store } = database
      await created(store, 'e1')
      await created(store, 'used')
      await store.consumeEnrollment('used', client('c-used'), NOW)
      await store.beginEpoch([], NOW + 1)
      await expectRefused(database, 'conflict', () =>
        store.consumeEnrollment('e1', client('c1'), NOW + 1),
      )
      expect(await store.findEnrollment('e1')).toMatchObject({ revokedAt: NOW + 1 })
      expect(await store.findEnrollment('used')).toMatchObject({ usedAt: NOW, revokedAt: null })
    })

    it('are found by id and by hash, and are listed without the hash', async () => {
      const { store } = database
      await created(store, 'e1')
      const shown = {
        id: 'e1',
        name: 'e1',
        workspaceId: 'default',
        plugins: [],
        details: [],
        grants: [{ audience: 'api', permissions: ['read'] }],
        unusedAfter: null,
        createdAt: NOW,
        expiresAt: NOW + HOUR,
        usedAt: null,
        revokedAt: null,
        clientId: null,
        createdBy: null,
        createdByGeneration: null,
      }
      expect(await store.findEnrollment('e1')).toEqual(shown)
      expect(await store.findEnrollmentByHash('hash of e1')).toEqual(shown)
      expect(await store.listEnrollments()).toEqual([shown])
      expect(await store.listEnrollments({ workspaceId: 'other' })).toEqual([])
      expect(await store.findEnrollment('hash of e1')).toBeNull()
      expect(await store.findEnrollmentByHash('e1')).toBeNull()
    })

    it('become a client in one step', async () => {
      const { store } = database
      await created(store, 'e1')
      const made = client('made', {
        registrationHash: 'hash of lkr',
        softwareId: 's',
        redirectUris: ['https://app.example/cb'],
        unusedAfter: DAY,
        authMethod: 'client_secret_post',
      })
      await store.consumeEnrollment('e1', made, NOW + 1)
      expect(await store.findEnrollment('e1')).toMatchObject({ usedAt: NOW + 1, clientId: 'made' })
      const row = await theClient(store, 'made')
      const method = 'client_secret_post'
      expect(row).toMatchObject({ softwareId: 's', unusedAfter: DAY, authMethod: method })
      expect(row.redirectUris).toEqual(['https://app.example/cb'])
      expect(await store.findRegistrationHash('made', 'hash of lkr')).toBe('hash of lkr')
    })

    it.each([
      ['used', async (store: Store) => store.consumeEnrollment('e1', client('first'), NOW)],
      ['revoked', async (store: Store) => store.revokeEnrollment('e1', NOW)],
    ])('are refused after they were %s, and leave nothing behind', async (_, end) => {
      const { store } = database
      await created(store, 'e1')
      await end(store)
      const consume = () => store.consumeEnrollment('e1', client('late'), NOW)
      await expectRefused(database, 'conflict', consume)
      await expectRefused(database, 'conflict', () => store.revokeEnrollment('e1', NOW))
    })

    it('end in the second of their expiry', async () => {
      const { store } = database
      await created(store, 'e1')
      const consume = (now: number) => store.consumeEnrollment('e1', client('made'), now)
      await expectRefused(database, 'conflict', () => consume(NOW + HOUR))
      await consume(NOW + HOUR - 1)
    })

    it('end for good when their maker is disabled', async () => {
      const { store } = database
      const maker = await createdClient(store, 'maker')
      const by = { createdBy: 'maker', createdByGeneration: maker.generation }
      await created(store, 'e1', by)
      await created(store, 'e2', by)
      await store.consumeEnrollment('e1', client('made'), NOW)
      await store.updateClient(maker, { status: 'disabled' }, NOW)
      const consume = () => store.consumeEnrollment('e2', client('late'), NOW)
      await expectRefused(database, 'conflict', consume)
      await store.updateClient(await theClient(store, 'maker'), { status: 'active' }, NOW)
      await expectRefused(database, 'conflict', consume)
    })

    it('are used once by many requests on two handles', async () => {
      const stores = [database.store, await database.another()]
      await created(database.store, 'e1')
      const attempts = await Promise.allSettled(
        Array.from({ length: 10 }, (_, i) =>
          (stores[i % 2] ?? database.store).consumeEnrollment('e1', client(`c${i}`), NOW),
        ),
      )
      expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      const made = (await database.store.listClients()).filter(({ id }) => id !== 'root')
      expect(made).toHaveLength(1)
    })

    it('stay unused when the client cannot be made', async () => {
      const { store } = database
      await created(store, 'e1')
      const dangling = client('made', { plugins: ['nope'] })
      const consume = () => store.consumeEnrollment('e1', dangling, NOW)
      await expectRefused(database, 'unknown_reference', consume)
    })

    it('stay unused while a plugin of the client is disabled or deleted', async () => {
      const { store } = database
      await created(store, 'e1')
      const made = client('made', { plugins: ['chat'] })
      const consume = () => store.consumeEnrollment('e1', made, NOW)
      const before = await createdPlugin(store, 'chat')
      await store.updatePlugin(before, { status: 'disabled' }, NOW)
      await expectRefused(database, 'conflict', consume)
      await store.updatePlugin(await thePlugin(store, 'chat'), { status: 'active' }, NOW)
      await consume()
      await created(store, 'e2')
      await store.deletePlugin(await thePlugin(store, 'chat'), NOW)
      const late = client('late', { plugins: ['chat'] })
      await expectRefused(database, 'conflict', () => store.consumeEnrollment('e2', late, NOW))
    })

    it('are pruned after their expiry', async () => {
      const { store } = database
      await created(store, 'old', { expiresAt: NOW - 2 })
      await created(store, 'used', { expiresAt: NOW - 1 })
      await store.pruneEnrollments(NOW - 1)
      expect((await store.listEnrollments()).map(({ id }) => id)).toEqual(['used'])
    })

    it('reveal no registration hash of a client that may not log in', async () => {
      const { store } = database
      await createdClient(store, 'plain')
      expect(await store.findRegistrationHash('plain', 'h')).toBeNull()
      expect(await store.findRegistrationHash('nobody', 'h')).toBeNull()
      const row = await createdClient(store, 'made', { registrationHash: 'h' })
      await store.updateClient(row, { status: 'disabled' }, NOW)
      expect(await store.findRegistrationHash('made', 'h')).toBeNull()
      await store.updateClient(await theClient(store, 'made'), { status: 'active' }, NOW)
      expect(await store.findRegistrationHash('made', 'h')).toBe('h')
      expect(await store.findRegistrationHash('plain', 'h')).toBeNull()
      expect(await store.findRegistrationHash('made', 'other')).toBeNull()
      const workspace = await theWorkspace(store, 'default')
      await store.updateWorkspace(workspace, { status: 'suspended' }, NOW)
      expect(await store.findRegistrationHash('made', 'h')).toBeNull()
    })
  })

  describe('unused clients', () => {
    const database = useDatabase(open)
    const unused = async (now: number) =>
      (await database.store.listUnusedClients(now)).map(({ id }) => id)
    const late = NOW + DAY + UNUSED_GRACE_SECONDS

    it('are listed when they have a limit and no login for that long', async () => {
      const { store } = database
      await createdClient(store, 'told', { unusedAfter: DAY })
      await createdClient(store, 'stays')
      expect(await unused(late - 1)).toEqual([])
      expect(await unused(late)).toEqual(['told'])
      await store.touchSecrets([{ id: 'told-secret', at: NOW + HOUR }])
      expect(await unused(late)).toEqual([])
      expect(await unused(late + HOUR)).toEqual(['told'])
      await store.deleteClient(await theClient(store, 'told'), NOW)
      expect(await unused(late + HOUR)).toEqual([])
      await expectNoChange(database, () => unused(late + HOUR))
    })

    it('are not listed while they cannot log in, nor right after they can again', async () => {
      const { store } = database
      const row = await createdClient(store, 'told', { unusedAfter: DAY })
      await store.updateClient(row, { status: 'disabled' }, NOW)
      expect(await unused(late)).toEqual([])
      await store.updateClient(await theClient(store, 'told'), { status: 'active' }, late)
      expect(await unused(late + DAY)).toEqual([])
      const workspace = () => theWorkspace(store, 'default')
      await store.updateWorkspace(await workspace(), { status: 'suspended' }, late)
      expect(await unused(late + 2 * DAY)).toEqual([])
      await store.updateWorkspace(await workspace(), { status: 'active' }, late + 2 * DAY)
      expect(await unused(late + 2 * DAY + DAY)).toEqual([])
      expect(await unused(late + 2 * DAY + DAY + UNUSED_GRACE_SECONDS)).toEqual(['told'])
    })
  })
}

import { describe, expect, it } from 'vitest'
import type { AuditFilter, AuditSeal, NewAuditEvent } from '../../../src/store/store.ts'
import { type Open, everything, expectRefused, useDatabase } from './database.ts'
import { createdClient, newWorkspace, NOW, theClient } from './records.ts'

const HOUR = 3600

const event = (target: string, options: Partial<NewAuditEvent> = {}): NewAuditEvent => ({
  actor: 'cli:me',
  action: 'client.disable',
  target,
  outcome: 'success',
  count: 1,
  ...options,
})

export const auditContract = (open: Open): void => {
  describe('audit events', () => {
    const database = useDatabase(open)

    /** Targets of the listed events. */
    const targets = async (filter: AuditFilter = {}, options = {}) => {
      const page = { filter, after: null, limit: 100, newestFirst: false, ...options }
      return (await database.store.listAuditEvents(page)).rows.map(({ target }) => target)
    }

    it('are kept as they were written, in their order', async () => {
      const full = { reason: 'r', requestId: 'q', address: '192.0.2.1', count: 7 }
      await database.store.addAuditEvents([event('a', full), event('b')], NOW)
      const page = { filter: {}, after: null, limit: 100, newestFirst: false }
      const [a, b] = (await database.store.listAuditEvents(page)).rows
      const nothing = { reason: null, requestId: null, address: null }
      expect(a).toEqual({ seq: expect.any(Number), createdAt: NOW, ...event('a', full) })
      expect(b).toEqual({ seq: (a?.seq ?? 0) + 1, createdAt: NOW, ...event('b'), ...nothing })
    })

    it('are read page by page, from either end', async () => {
      await database.store.addAuditEvents(
        ['a', 'b', 'c', 'd', 'e'].map((t) => event(t)),
        NOW,
      )
      const page = { filter: {}, after: null, limit: 2, newestFirst: true }
      const [first, second] = (await database.store.listAuditEvents(page)).rows
      expect([first?.target, second?.target]).toEqual(['e', 'd'])
      const after = second?.seq ?? null
      expect(await targets({}, { after, limit: 2, newestFirst: true })).toEqual(['c', 'b'])
      expect(await targets({}, { after, limit: 2 })).toEqual(['e'])
      expect(await targets({}, { after: 0, limit: 2 })).toEqual(['a', 'b'])
    })

    it('are found by each of their columns', async () => {
      const { store } = database
      await store.addAuditEvents([event('a')], NOW)
      await store.addAuditEvents([event('b', { actor: 'server', action: 'audit.cut' })], NOW + 1)
      await store.addAuditEvents([event('c', { outcome: 'refused', requestId: 'q' })], NOW + 2)
      const cases: [AuditFilter, string[]][] = [
        [{ actor: 'server' }, ['b']],
        [{ action: 'client.disable' }, ['a', 'c']],
        [{ target: 'a' }, ['a']],
        [{ outcome: 'refused' }, ['c']],
        [{ requestId: 'q' }, ['c']],
        [{ since: NOW + 1 }, ['b', 'c']],
        [{ until: NOW + 1 }, ['a']],
        [{ since: NOW + 1, until: NOW + 2 }, ['b']],
        [{ action: 'client.disable', since: NOW + 1 }, ['c']],
        [{ action: 'client' }, []],
      ]
      for (const [filter, found] of cases) expect(await targets(filter)).toEqual(found)
    })

    it('are limited to acts on a workspace and its clients, and to acts by these clients', async () => {
      const { store } = database
      await store.createWorkspace(newWorkspace('acme', 'Acme'), NOW)
      await createdClient(store, 'mine', { workspaceId: 'acme' })
      await createdClient(store, 'deleted', { workspaceId: 'acme' })
      await createdClient(store, 'other')
      await store.deleteClient(await theClient(store, 'deleted'), NOW)
      await store.addAuditEvents(
        [
          event('mine'),
          event('other'),
          event('deleted'),
          event('acme', { action: 'workspace.suspend' }),
          event('acme', { action: 'plugin.create' }),
          event('default', { action: 'workspace.suspend' }),
          event('a jti', { actor: 'client:mine', action: 'token.revoke' }),
          event('another jti', { actor: 'client:other', action: 'token.revoke' }),
        ],
        NOW,
      )
      const bound = { workspaceId: 'acme' }
      expect(await targets(bound)).toEqual(['mine', 'deleted', 'acme', 'a jti'])
      expect(await targets({ ...bound, action: 'token.revoke' })).toEqual(['a jti'])
      expect(await targets({ ...bound, target: 'other' })).toEqual([])
    })
  })

  describe('audit seals', () => {
    const database = useDatabase(open)

    /** Writes events. @returns the first and the last place */
    const events = async (count: number, now = NOW): Promise<[first: number, last: number]> => {
      const { store } = database
      await store.addAuditEvents(
        Array.from({ length: count }, () => event('x')),
        now,
      )
      const page = { filter: {}, after: null, limit: 1, newestFirst: true }
      const last = (await store.listAuditEvents(page)).rows[0]?.seq ?? 0
      return [last - count + 1, last]
    }

    const seal = (firstSeq: number, lastSeq: number): Omit<AuditSeal, 'cutMac'> => ({
      firstSeq,
      lastSeq,
      createdAt: NOW,
      digests: `digests ${lastSeq}`,
      mac: `mac ${lastSeq}`,
    })

    /** Makes three seals of two events each, an hour apart. @returns the ends of the seals */
    const three = async (): Promise<[number, number, number]> => {
      const ends: number[] = []
      for (const hour of [0, 1, 2]) {
        const [first, last] = await events(2, NOW + hour * HOUR)
        await database.store.addAuditSeal(seal(first, last), ends.at(-1) ?? null)
        ends.push(last)
      }
      return ends as [number, number, number]
    }

    it('are listed oldest first, a page at a time', async () => {
      const { store } = database
      expect(await store.findNewestAuditSeal()).toBeNull()
      const [a, b, c] = await three()
      expect(await store.listAuditSeals(0, 2)).toEqual([
        { ...seal(a - 1, a), cutMac: null },
        { ...seal(b - 1, b), cutMac: null },
      ])
      expect((await store.listAuditSeals(a, 100)).map(({ lastSeq }) => lastSeq)).toEqual([b, c])
      expect(await store.findNewestAuditSeal()).toEqual({ ...seal(c - 1, c), cutMac: null })
    })

    it('extend the newest seal only: a second one in the same place is not added', async () => {
      const { store } = database
      const other = await database.another()
      const [first, last] = await events(3)
      expect(await store.addAuditSeal(seal(first, last - 1), null)).toBe(true)
      const before = await everything(database)
      expect(await other.addAuditSeal(seal(first, last), null)).toBe(false)
      expect(await other.addAuditSeal(seal(last, last), last)).toBe(false)
      expect(await other.addAuditSeal(seal(first, last - 1), null)).toBe(false)
      expect(await everything(database)).toEqual(before)
      expect(await other.addAuditSeal(seal(last, last), last - 1)).toBe(true)
    })

    it('are added once when several processes try at once', async () => {
      const stores = [database.store, await database.another()]
      const [first, last] = await events(1)
      const added = await Promise.all(
        stores.map((store) => store.addAuditSeal(seal(first, last), null)),
      )
      expect(added.toSorted()).toEqual([false, true])
    })

    it('remove their rows and all rows before them when they are cut, and record the cut', async () => {
      const { store } = database
      const [, b, c] = await three()
      const cut = event(String(b), { actor: 'server', action: 'audit.cut' })
      await store.cutAudit({ lastSeq: b, cutMac: 'proof' }, cut, NOW)
      expect(await store.listAuditSeals(0, 100)).toEqual([
        { ...seal(b - 1, b), digests: null, cutMac: 'proof' },
        { ...seal(c - 1, c), cutMac: null },
      ])
      const page = { filter: {}, after: null, limit: 100, newestFirst: false }
      const left = (await store.listAuditEvents(page)).rows
      expect(left.map(({ seq }) => seq)).toEqual([c - 1, c, c + 1])
      expect(left.at(-1)).toMatchObject(cut)
      await store.cutAudit({ lastSeq: c, cutMac: 'proof' }, null, NOW)
      expect((await store.listAuditEvents(page)).rows).toEqual(left.slice(-1))
    })

    it('are cut once, and only at an existing seal', async () => {
      const { store } = database
      const [, b] = await three()
      const cut = (lastSeq: number) => store.cutAudit({ lastSeq, cutMac: 'proof' }, event('x'), NOW)
      await cut(b)
      for (const seq of [b, b - 2, b + 1, 0])
        await expectRefused(database, 'conflict', () => cut(seq))
    })
  })
}

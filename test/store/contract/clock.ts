import { describe, expect, it } from 'vitest'
import { type Open, useDatabase } from './database.ts'
import { NOW, key } from './records.ts'

export const clockContract = (open: Open): void => {
  describe('the clock', () => {
    const database = useDatabase(open)
    const AT_FIRST = {
      ...{ settledAt: NOW, latestAt: NOW, gap: 0, gapSince: NOW, toldGap: 0, tickedAt: NOW },
    }

    it('begins with the database', async () => {
      expect(await database.store.findClock(NOW + 1e6)).toEqual(AT_FIRST)
    })

    it('of a database without one begins at its newest event, and never ahead of the wall clock', async () => {
      const { store, query } = database
      const event = { actor: 'a', action: 'b', target: null, outcome: 'success' as const, count: 1 }
      for (const [recorded, wall, begins] of [
        [null, NOW, 0],
        [NOW + 5, NOW + 1e6, NOW + 5],
        [NOW + 1e6, NOW + 7, NOW + 7],
      ] as const) {
        await query('delete from server_clock returning id')
        if (recorded !== null) await store.addAuditEvents([event], recorded)
        expect(await store.findClock(wall)).toMatchObject({ settledAt: begins, gapSince: begins })
      }
    })

    it('is written by whichever process has read what is stored', async () => {
      const [first, other] = [database.store, await database.another()]
      const before = await other.findClock(NOW)
      const after = { ...before, settledAt: NOW + 60, gap: 5, toldGap: 5, tickedAt: NOW + 65 }
      expect(await first.saveClock(before, after)).toBe(true)
      expect(await other.saveClock(before, { ...after, settledAt: NOW + 90 })).toBe(false)
      expect(await other.findClock(NOW)).toEqual(after)
    })

    it('forgets with a new epoch what it knew of tokens', async () => {
      const { store, query } = database
      const before = await store.findClock(NOW)
      await store.saveClock(before, { ...before, latestAt: NOW + 1e6 })
      await query('update server_clock set pruned_until = 5 returning id')
      await store.beginEpoch([key('new-1'), key('new-2')], NOW + 1)
      expect(await query('select settled_at, latest_at, pruned_until from server_clock')).toEqual([
        { settled_at: NOW, latest_at: NOW + 1, pruned_until: 0 },
      ])
    })
  })
}

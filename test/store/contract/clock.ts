import { describe, expect, it } from 'vitest'
import { type Open, useDatabase } from './database.ts'
import { NOW, client, key } from './records.ts'

const DAY = 24 * 60 * 60

const keyTimes = (kid: string, created: number, activated: number | null) => ({
  kid,
  created_at: created,
  activated_at: activated,
  retired_at: null,
  revoked_at: null,
})

export const clockContract = (open: Open): void => {
  describe('clock', () => {
    const database = useDatabase(open)
    const AT_FIRST = {
      settledAt: NOW,
      latestAt: NOW,
      gap: 0,
      gapSince: NOW,
      toldGap: 0,
      tickedAt: NOW,
    }

    it('begins with the database', async () => {
      expect(await database.store.findClock(NOW + 1e6)).toEqual(AT_FIRST)
    })

    it('begins at the newest event in a database without a clock, and never ahead of the wall clock', async () => {
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

    it('is written only by a process that has read the stored state', async () => {
      const [first, other] = [database.store, await database.another()]
      const before = await other.findClock(NOW)
      const after = { ...before, settledAt: NOW + 60, gap: 5, toldGap: 5, tickedAt: NOW + 65 }
      expect(await first.saveClock(before, after)).toBe(true)
      expect(await other.saveClock(before, { ...after, settledAt: NOW + 90 })).toBe(false)
      expect(await other.findClock(NOW)).toEqual(after)
    })

    it('stores the latest time at which another process issued a token', async () => {
      const { store } = database
      for (const [at, latest] of [
        [NOW - 5, NOW],
        [NOW + 9_000, NOW + 9_000],
        [NOW + 8_999, NOW + 9_000],
      ] as const) {
        await store.noteIssuance(at)
        expect(await store.findClock(NOW)).toEqual({ ...AT_FIRST, latestAt: latest })
      }
    })

    /** Wall clocks of a change, and the recorded times, for a server that has run until `NOW`. */
    const RECORDED = [
      ['right', 0, 0],
      ['two days ahead', 2 * DAY, 2 * DAY],
      ['two days behind', -2 * DAY, 0],
    ] as const

    it.each(RECORDED)(
      'dates keys, clients and logins so that none looks older than it is: %s',
      async (_, by, after) => {
        const { store, query } = database
        const [wall, recorded] = [NOW + by, NOW + after]
        await store.promoteKeys([{ from: 'key-1', to: 'key-2' }], [key('key-3')], wall)
        await store.revokeKeys(['key-2'], [key('key-4')], wall)
        expect(
          await query(`select kid, created_at, activated_at, retired_at, revoked_at from signing_keys
          where algorithm = 'RS256' order by kid`),
        ).toEqual([
          { ...keyTimes('key-1', NOW, NOW), retired_at: recorded },
          { ...keyTimes('key-2', NOW, recorded), revoked_at: recorded },
          keyTimes('key-3', recorded, recorded),
          keyTimes('key-4', recorded, null),
        ])

        const unusedAfter = 30 * DAY
        await store.createClient({ ...client('new'), unusedAfter }, wall)
        expect(await query(`select created_at from clients where id = 'new'`)).toEqual([
          { created_at: recorded },
        ])
        await store.touchSecrets([{ id: 'new-secret', at: wall }])
        // A login is reported within five minutes.
        const used = by < 0 ? NOW - 5 * 60 : wall
        expect(
          await query(`select last_used_at from client_secrets where id = 'new-secret'`),
        ).toEqual([{ last_used_at: used }])
      },
    )

    it('forgets the times of tokens with a new epoch', async () => {
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

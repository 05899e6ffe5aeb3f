// The one row that says how far the wall clock is trusted.
import { type SQL, and, eq, gt, lt, sql } from 'drizzle-orm'
import { serverClock, signingKeys } from '../schema.sqlite.ts'
import type { StoredClock, Store } from '../store.ts'
import type { Database, Driver, Statement } from './database.ts'

type ClockVerbs = Pick<Store, 'findClock' | 'saveClock' | 'noteIssuance'>

const ROW = 1

/** The settled time in a statement; the beginning of time where none is known, by which nothing has expired. */
export const settledAt: SQL = sql`coalesce((select settled_at from server_clock), 0)`

/** By which time something has ended for good: a wall clock that is ahead ends nothing. */
export const endedBy = (now: unknown): SQL => sql`min(${now}, ${settledAt})`

/** The time to record for what is removed or replaced at an age: it looks no older once a clock behind is set right. */
export const recordedAt = (now: number): SQL<number> => sql<number>`max(${now}, ${settledAt})`

/** The latest time at which a token may have been issued: later than `now` where a clock ahead has been set right. */
export const latestIssue = (now: number): SQL =>
  sql`max(${now}, coalesce((select latest_at from server_clock), 0))`

const begun = (at: number): StoredClock => ({
  settledAt: at,
  latestAt: at,
  gap: 0,
  gapSince: at,
  toldGap: 0,
  tickedAt: at,
})

/** Of an empty database: nothing in it could be lost by a clock that is wrong. */
export const newClock = (db: Database, now: number): Statement =>
  db.insert(serverClock).values({ id: ROW, ...begun(now) }) as Statement

/** For keys that a clock ahead has recorded, and a clock behind is believed: a key from the future would never be old. */
const keysNoNewer = (db: Database, at: number): Statement[] =>
  (['createdAt', 'activatedAt', 'retiredAt', 'revokedAt'] as const).map(
    (column) =>
      db
        .update(signingKeys)
        .set({ [column]: at })
        .where(gt(signingKeys[column], at)) as Statement,
  )

export const clockVerbs = ({ db, atomically }: Driver): ClockVerbs => {
  const shown = {
    settledAt: serverClock.settledAt,
    latestAt: serverClock.latestAt,
    gap: serverClock.gap,
    gapSince: serverClock.gapSince,
    toldGap: serverClock.toldGap,
    tickedAt: serverClock.tickedAt,
  }
  const stored = db.select(shown).from(serverClock).prepare()
  const newestRecord = db
    .select({
      at: sql<number | null>`(select created_at from audit_events order by seq desc limit 1)`,
    })
    .from(sql`(select 1)`)
    .prepare()

  /** Of a database that an earlier version has written. */
  const begin = async (wall: number): Promise<void> => {
    const [newest] = await newestRecord.all()
    const at = Math.min(wall, newest?.at ?? 0)
    await db
      .insert(serverClock)
      .values({ id: ROW, ...begun(at) })
      .onConflictDoNothing()
  }

  return {
    async findClock(wall) {
      for (;;) {
        const rows: StoredClock[] = await stored.all()
        if (rows[0] !== undefined) return rows[0]
        await begin(wall)
      }
    },

    async saveClock(before, after) {
      const written = await db
        .update(serverClock)
        .set(after)
        .where(
          and(
            eq(serverClock.settledAt, before.settledAt),
            eq(serverClock.latestAt, before.latestAt),
            eq(serverClock.gap, before.gap),
            eq(serverClock.gapSince, before.gapSince),
            eq(serverClock.toldGap, before.toldGap),
            eq(serverClock.tickedAt, before.tickedAt),
          ),
        )
        .returning({ id: serverClock.id })
      if (written.length === 0) return false
      if (after.settledAt < before.settledAt) await atomically(keysNoNewer(db, after.settledAt))
      return true
    },

    async noteIssuance(at) {
      await db.update(serverClock).set({ latestAt: at }).where(lt(serverClock.latestAt, at))
    },
  }
}

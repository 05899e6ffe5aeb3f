// The stored clock: one row with the time up to which the server trusts the wall clock.
import { type SQL, type SQLWrapper, and, eq, gt, lt, sql } from 'drizzle-orm/sql'
import { serverClock, signingKeys } from '../tables/server.ts'
import type { ClockStore, StoredClock } from '../types/clock.ts'
import type { Context, Statement, Verb } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { computed, prepared, readFirst, select } from './query.ts'
import { remembering } from './remembering.ts'
import { insert, update } from './statements.ts'

const ROW = 1

/** The settled time in a statement; 0 in a database without a clock, so that nothing there has expired. */
export const settledAt: SQL = sql`coalesce((select settled_at from server_clock), 0)`

/** The time by which something has ended for good: a wall clock that is ahead ends nothing. */
export const endedBy = ({ least }: Dialect, now: SQLWrapper): SQL => least(now, settledAt)

/**
 * The time to record for something that is removed or replaced at an age. A clock that is behind now, and is set right
 * later, would make it look older than it is.
 */
export const recordedAt = ({ greatest }: Dialect, now: number): SQL =>
  greatest(sql`${now}`, settledAt)

/** The latest time at which a token may have been issued: later than `now` where a clock ahead has been set right. */
export const latestIssue = ({ greatest }: Dialect, now: number): SQL =>
  greatest(sql`${now}`, sql`coalesce((select latest_at from server_clock), 0)`)

const begunAt = (at: number): StoredClock => ({
  settledAt: at,
  latestAt: at,
  gap: 0,
  gapSince: at,
  toldGap: 0,
  tickedAt: at,
})

/** The clock of an empty database, which holds nothing that a wrong clock could prune. */
export const newClock = (now: number): Statement =>
  insert(serverClock, { id: ROW, ...begunAt(now) })

/**
 * Makes no key newer than `at`, once the server believes that a clock was ahead: a key with a time in the future would
 * not be rotated.
 */
const keysNoNewer = (at: number): Statement[] =>
  (['createdAt', 'activatedAt', 'retiredAt', 'revokedAt'] as const).map((column) =>
    update(signingKeys, { [column]: at }, gt(signingKeys[column], at)),
  )

const shown = {
  settledAt: serverClock.settledAt,
  latestAt: serverClock.latestAt,
  gap: serverClock.gap,
  gapSince: serverClock.gapSince,
  toldGap: serverClock.toldGap,
  tickedAt: serverClock.tickedAt,
}

const isStill = (clock: StoredClock): SQL | undefined =>
  and(
    eq(serverClock.settledAt, clock.settledAt),
    eq(serverClock.latestAt, clock.latestAt),
    eq(serverClock.gap, clock.gap),
    eq(serverClock.gapSince, clock.gapSince),
    eq(serverClock.toldGap, clock.toldGap),
    eq(serverClock.tickedAt, clock.tickedAt),
  )

const newestRecord = select(
  {
    at: computed<number | null>(
      sql`(select created_at from audit_events order by seq desc limit 1)`,
    ),
  },
  sql``,
)

const findClock: Verb<'findClock'> = ({ connection }) => {
  const read = prepared(connection, select(shown, sql`from ${serverClock}`))
  const find = remembering(connection, async (_row: 'clock') => {
    const [clock] = await read({})
    return clock ?? null
  })

  /** Begins the clock of a database that an earlier version has written. */
  const begin = async (wall: number): Promise<void> => {
    const newest = await readFirst(connection, newestRecord)
    const clock = insert(serverClock, { id: ROW, ...begunAt(Math.min(wall, newest?.at ?? 0)) })
    await connection.run(sql`${clock} on conflict do nothing`)
  }

  return async (wall) => {
    for (;;) {
      const clock = await find('clock')
      if (clock !== null) return clock
      await begin(wall)
    }
  }
}

const saveClock: Verb<'saveClock'> =
  ({ connection }) =>
  async (before, after) => {
    const written = update(serverClock, after, isStill(before))
    const rows = await connection.run(sql`${written} returning id`)
    if (rows.length === 0) return false
    if (after.settledAt < before.settledAt)
      await connection.atomically(keysNoNewer(after.settledAt))
    return true
  }

const noteIssuance: Verb<'noteIssuance'> =
  ({ connection }) =>
  async (at) => {
    await connection.run(update(serverClock, { latestAt: at }, lt(serverClock.latestAt, at)))
  }

export const clockVerbs = (context: Context): ClockStore => ({
  findClock: findClock(context),
  saveClock: saveClock(context),
  noteIssuance: noteIssuance(context),
})

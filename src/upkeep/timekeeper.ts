// Writes how far the server has lived, once a minute, and says by which time it may do what cannot be undone. Any
// number of processes may do it at once: each counts from what it has seen written, and the furthest is written.
import { clockNews, nextClock } from '../clock.ts'
import {
  CLOCK_CONFIRM_SECONDS,
  CLOCK_WRITE_SECONDS,
  MAX_CLOCK_TRIES,
  MAX_SCHEDULED_STEP_SECONDS,
} from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import type { StoredClock } from '../store/store.ts'

/**
 * The time by which something has ended for good: the earlier of the wall clock and the settled time, in seconds since
 * the epoch. @throws Unavailable
 */
export const settledSeconds = async (deps: Pick<Deps, 'store' | 'clock'>): Promise<number> => {
  const now = nowSeconds(deps)
  return Math.min(now, (await deps.store.findClock(now)).settledAt)
}

type TimekeeperDeps = Pick<Deps, 'store' | 'clock' | 'monotonic' | 'log'> & {
  latest?: () => number
  livesBy?: 'process' | 'schedule'
}

export type Timekeeper = {
  /** @returns the earlier of wall clock and time lived, in seconds since the epoch. @throws Unavailable */
  keep(): Promise<number>
}

/** A settled time, the monotonic time then, and what was stored then, in seconds. */
type Anchor = { settled: number; at: number; stored: number }

export const createTimekeeper = (deps: TimekeeperDeps): Timekeeper => {
  const { store, log, livesBy = 'process' } = deps
  let anchor: Anchor | null = null
  const elapsed = (): number => deps.monotonic() / 1000

  /** Where the stored time has gone back, another process has believed a clock that is behind. */
  const livedTo = ({ settledAt }: StoredClock, at: number): number => {
    if (anchor === null || settledAt < anchor.stored) return settledAt
    return Math.max(settledAt, anchor.settled + at - anchor.at)
  }

  const scheduledTo = ({ settledAt, tickedAt }: StoredClock, wall: number): number =>
    settledAt + Math.min(Math.max(wall - tickedAt, 0), MAX_SCHEDULED_STEP_SECONDS)

  const tell = (before: StoredClock, after: StoredClock): void => {
    const news = clockNews(before, after)
    const [apart, believedAfterSeconds] = [after.toldGap, CLOCK_CONFIRM_SECONDS]
    if (news === 'ahead') {
      log.warn(
        { aheadSeconds: apart, believedAfterSeconds },
        'the clock is ahead of the time that has passed, or the server was off: nothing old is removed before it has stayed there',
      )
    } else if (news === 'behind') {
      log.warn(
        { behindSeconds: -apart, believedAfterSeconds },
        'the clock is behind the time that has passed: tokens and secrets that have expired may be accepted again',
      )
    } else if (news === 'agrees') log.info({}, 'the clock agrees with the time that has passed')
  }

  /** @returns what is stored now; null where another process was faster */
  const step = async (): Promise<StoredClock | null> => {
    const wall = nowSeconds(deps)
    const before = await store.findClock(wall)
    const at = elapsed()
    const settled = livesBy === 'schedule' ? scheduledTo(before, wall) : livedTo(before, at)
    const lived = Math.floor(settled)
    const latest = Math.floor((deps.latest?.() ?? 0) / 1000)
    const after = nextClock(before, { wall, latest, lived })
    const writes = isWorthWriting(before, after)
    if (writes && !(await store.saveClock(before, after))) return null
    anchor = {
      settled: after.settledAt === lived ? settled : after.settledAt,
      at,
      stored: writes ? after.settledAt : before.settledAt,
    }
    if (writes) tell(before, after)
    return after
  }

  return {
    async keep() {
      for (let tries = 0; tries < MAX_CLOCK_TRIES; tries++) {
        const after = await step()
        if (after !== null) return Math.min(nowSeconds(deps), after.settledAt)
      }
      return await settledSeconds(deps)
    },
  }
}

/** Other processes write it, too: not each of them every time. */
const isWorthWriting = (before: StoredClock, after: StoredClock): boolean =>
  after.settledAt < before.settledAt ||
  after.settledAt - before.settledAt >= CLOCK_WRITE_SECONDS ||
  after.latestAt - before.latestAt >= CLOCK_WRITE_SECONDS ||
  after.toldGap !== before.toldGap ||
  Math.abs(after.gap - before.gap) > 1

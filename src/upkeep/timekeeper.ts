// Settled time, which decides about every step that cannot be undone: it grows with the monotonic clock of running
// processes, not with a jump of the wall clock. Each process counts on from the stored value and writes it once a
// minute; the store keeps the latest.
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
 * The earlier of the wall clock and the settled time, in seconds since the epoch: it decides whether something has
 * expired for good. @throws Unavailable
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
  /** @returns the earlier of wall clock and settled time, in seconds since the epoch. @throws Unavailable */
  keep(): Promise<number>
}

/** A settled time, with the monotonic time and the stored time at that moment, in seconds. */
type Anchor = { settled: number; at: number; stored: number }

export const createTimekeeper = (deps: TimekeeperDeps): Timekeeper => {
  const { store, log, livesBy = 'process' } = deps
  let anchor: Anchor | null = null
  const elapsed = (): number => deps.monotonic() / 1000

  /** Settled time that this process has counted. A stored time that went back wins: a slower clock was accepted. */
  const livedTo = ({ settledAt }: StoredClock, at: number): number => {
    if (anchor === null || settledAt < anchor.stored) return settledAt
    return Math.max(settledAt, anchor.settled + at - anchor.at)
  }

  const scheduledTo = ({ settledAt, tickedAt }: StoredClock, wall: number): number =>
    settledAt + Math.min(Math.max(wall - tickedAt, 0), MAX_SCHEDULED_STEP_SECONDS)

  const logNews = (before: StoredClock, after: StoredClock): void => {
    const news = clockNews(before, after)
    const gap = after.toldGap
    const believedAfterSeconds = CLOCK_CONFIRM_SECONDS
    if (news === 'ahead') {
      log.warn(
        { aheadSeconds: gap, believedAfterSeconds },
        'the clock is ahead of the time that has passed, or the server was off: nothing is deleted by it before it is believed',
      )
    } else if (news === 'behind') {
      log.warn(
        { behindSeconds: -gap, believedAfterSeconds },
        'the clock is behind the time that has passed: expired tokens and secrets may be accepted again',
      )
    } else if (news === 'agrees') log.info({}, 'the clock agrees with the time that has passed')
  }

  /** @returns the stored clock after the step; null if another process has written in between */
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
    if (writes) logNews(before, after)
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

/** Other processes write the clock, too, so a process writes only a change that is not there yet. */
const isWorthWriting = (before: StoredClock, after: StoredClock): boolean =>
  after.settledAt < before.settledAt ||
  after.settledAt - before.settledAt >= CLOCK_WRITE_SECONDS ||
  after.latestAt - before.latestAt >= CLOCK_WRITE_SECONDS ||
  after.toldGap !== before.toldGap ||
  Math.abs(after.gap - before.gap) > 1

// Trust in the wall clock, for steps that cannot be undone. Pure decisions, and a clock that remembers
// the latest time it has shown.
//
// The settled time is the time that this server has lived up to. It grows with the monotonic clock of a running
// process, and not with a jump of the wall clock. Pruning, cutting, deleting and rotating use the earlier of both.
// The server accepts a wall clock that stays apart for longer than any token lives: the server was switched off, or
// an operator has set its clock right.
import { CLOCK_APART_SECONDS, CLOCK_CONFIRM_SECONDS } from './constants.ts'
import type { StoredClock } from './store/store.ts'

/** The wall clock now, its latest time, and the time lived up to, in seconds since the epoch. */
export type ClockReading = { wall: number; latest: number; lived: number }

const isApart = (gap: number): boolean => Math.abs(gap) > CLOCK_APART_SECONDS

/** The gap of the wall clock at every reading since `gapSince`: the smallest one on the same side. */
const claimOf = (
  { gap: claimed, gapSince }: StoredClock,
  gap: number,
  lived: number,
): Pick<StoredClock, 'gap' | 'gapSince'> => {
  const sameSide = claimed !== 0 && Math.sign(claimed) === Math.sign(gap)
  const begins = !sameSide || (isApart(gap) && !isApart(claimed))
  if (begins) return { gap, gapSince: lived }
  return { gap: Math.abs(gap) < Math.abs(claimed) ? gap : claimed, gapSince }
}

/** The stored clock after one more reading. */
export const nextClock = (
  stored: StoredClock,
  { wall, latest, lived }: ClockReading,
): StoredClock => {
  const gap = wall - lived
  const claim = claimOf(stored, gap, lived)
  const isConfirmed = lived - claim.gapSince >= CLOCK_CONFIRM_SECONDS
  const settledAt = isConfirmed ? lived + claim.gap : lived
  return {
    settledAt,
    latestAt: Math.max(stored.latestAt, latest, wall),
    gap: isConfirmed ? 0 : claim.gap,
    gapSince: isConfirmed ? settledAt : claim.gapSince,
    toldGap: Math.abs(gap - stored.toldGap) > CLOCK_APART_SECONDS ? gap : stored.toldGap,
    tickedAt: wall,
  }
}

/** Names a change for the log, once for each jump. @returns null for a clock that the log has reported */
export const clockNews = (
  before: StoredClock,
  { toldGap }: StoredClock,
): 'ahead' | 'behind' | 'agrees' | null => {
  if (toldGap === before.toldGap) return null
  if (!isApart(toldGap)) return 'agrees'
  return toldGap > 0 ? 'ahead' : 'behind'
}

export type WatchedClock = {
  /** Milliseconds since the epoch. */
  now: () => number
  /** The latest time that `now` has returned, in milliseconds since the epoch: a token may have been issued then. */
  latest: () => number
  /** Called at once when the wall clock has run ahead of the monotonic one. */
  onAhead: (listener: () => void) => void
}

/** @param monotonic milliseconds that only grow */
export const watchedClock = (wall: () => number, monotonic: () => number): WatchedClock => {
  let latest = wall()
  let offset = latest - monotonic()
  let listener = (): void => {}
  return {
    now() {
      const time = wall()
      if (time <= latest) return time
      latest = time
      const shown = time - monotonic()
      if (shown <= offset + CLOCK_APART_SECONDS * 1000) return time
      offset = shown
      listener()
      return time
    },
    latest: () => latest,
    onAhead(called) {
      listener = called
    },
  }
}

/** Whole seconds since the epoch, as JWTs and the store count them. */
export const nowSeconds = ({ clock }: { clock: () => number }): number => Math.floor(clock() / 1000)

// Trust in the wall clock.

/** The stored trust in the wall clock. In seconds; times since the epoch. */
export type StoredClock = {
  /** The time that the server has lived up to. */
  settledAt: number
  /** The latest time at which a token may have been issued. */
  latestAt: number
  /** Distance of the wall clock at every reading since `gapSince`. */
  gap: number
  gapSince: number
  /** The gap that the log has reported. */
  toldGap: number
  /** The wall clock at the last reading. */
  tickedAt: number
}

export interface ClockStore {
  /** The stored clock. A database without one gets the newest recorded time, at most `wall`. */
  findClock(wall: number): Promise<StoredClock>
  /** Replaces `before`. @returns false, with nothing written, where the stored clock is no longer `before` */
  saveClock(before: StoredClock, after: StoredClock): Promise<boolean>
  /** Records that a token may be issued at this time, in a process that does not keep the clock. */
  noteIssuance(at: number): Promise<void>
}

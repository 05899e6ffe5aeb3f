// Requests of clients without a quota, counted by minute in this process: a quota that is set within the minute starts
// from them. No I/O.
import { MAX_UNCHARGED_CLIENTS } from '../constants.ts'

const MINUTE_MS = 60_000

export type MinuteCounts = {
  note(clientId: string): void
  /** Removes and returns the count of a client, with the seconds until its minute ends; null without a count. */
  take(clientId: string): { count: number; seconds: number } | null
  size(): number
}

type Window = { count: number; readonly endsAt: number }

type Options = {
  /** Milliseconds of a clock that is never set back. */
  monotonic: () => number
  /** Number of clients beyond which older counts are dropped early. */
  most?: number
}

/** Counts in two maps: a request moves its client into the recent one, and the older one is dropped as a whole. */
export const createMinuteCounts = ({
  monotonic,
  most = MAX_UNCHARGED_CLIENTS,
}: Options): MinuteCounts => {
  let recent = new Map<string, Window>()
  let older = new Map<string, Window>()
  let turnedAt = monotonic()

  const turn = (at: number): void => {
    const passed = at - turnedAt
    if (passed < MINUTE_MS && recent.size < most) return
    older = passed < 2 * MINUTE_MS ? recent : new Map()
    recent = new Map()
    turnedAt = at
  }

  const find = (clientId: string, at: number): Window | null => {
    const window = recent.get(clientId) ?? older.get(clientId)
    return window !== undefined && at < window.endsAt ? window : null
  }

  return {
    note(clientId) {
      const at = monotonic()
      turn(at)
      const window = find(clientId, at) ?? { count: 0, endsAt: at + MINUTE_MS }
      window.count += 1
      recent.set(clientId, window)
    },
    take(clientId) {
      const at = monotonic()
      const window = find(clientId, at)
      recent.delete(clientId)
      older.delete(clientId)
      return window && { count: window.count, seconds: (window.endsAt - at) / 1000 }
    },
    size: () => recent.size + older.size,
  }
}

// Requests of clients without a quota, counted by this process: a quota that is set within the minute begins with them.
import { MAX_UNCHARGED_CLIENTS } from '../constants.ts'

const MINUTE_MS = 60_000

export type Uncharged = {
  note(clientId: string): void
  /** Hands over what was counted, with the seconds until its minute ends; null where nothing was. */
  take(clientId: string): { count: number; seconds: number } | null
  size(): number
}

type Window = { count: number; readonly endsAt: number }

type Options = {
  /** Milliseconds that only ever grow. */
  monotonic: () => number
  /** Clients after which older ones are forgotten before their time. */
  most?: number
}

/** Counts in two maps: a client that asks moves into the recent one, and a turn drops the older one as a whole. */
export const createUncharged = ({
  monotonic,
  most = MAX_UNCHARGED_CLIENTS,
}: Options): Uncharged => {
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

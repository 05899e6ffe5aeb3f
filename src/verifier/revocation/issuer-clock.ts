// The issuer's time, estimated from the lists that it has signed and the monotonic clock of this
// process. No I/O.
//
// A list arrives after its signature. So the smallest difference between the monotonic clock and an
// `iat` is the best estimate, the "offset". An offset that is too small makes the copy look older
// than it is, which is safe. A larger one makes the copy look newer, which is what an attacker
// gains who delays lists: a list alone never raises the offset. It must rise where the issuer's
// clock ran ahead and was set back, or the copy would look old from then on. In two cases the wall
// clock is consulted:
//
// - `begin`, for the first list, and once the copy is stale: the `iat` must lie within
//   `maxStaleness` of the wall clock. An attacker who delays lists makes a list look newer by that
//   much at most.
// - `heal`, while the copy is good: after a minute of several lists that were all late the offset
//   rises, and no further than the wall clock allows. Where the wall clock is right, delayed lists
//   gain nothing, however long the delay. Where it is behind, they gain its error at most. A wall
//   clock that jumps changes nothing unless all lists are late, too.
import {
  LATE_ANSWERS,
  LATE_PERIOD_SECONDS,
  LATE_SECONDS,
  MAX_LIST_AHEAD_SECONDS,
} from '../constants.ts'
import { ListRefused, type RevocationList } from './list-page.ts'

type Times = Pick<RevocationList, 'iat' | 'exp'>

/**
 * A list is refused only for its time: its rules are signed and hold, and newer rules may be
 * missing.
 */
export class ListUntimely extends ListRefused {}

export type IssuerClock = {
  /** Monotonic time less the issuer's, in seconds; null before the first list. */
  offset(): number | null
  /** Seconds since the epoch; null before the first list. */
  time(): number | null
  /**
   * The issuer's time for the operator's status report; no decision depends on it. It comes from
   * the last list that the wall clock refused, or after an accepted list from the offset.
   */
  reportedTime(): number | null
  /** Seconds since `iat`, by an offset. */
  age(iat: number, by: number): number
  /**
   * A list came from further ahead than the estimate allows: this machine was suspended, or the
   * issuer's clock was set, or the issuer has several servers whose clocks differ. The third is
   * proven once the whole list, requested after that, fits the estimate: lists from that far ahead
   * then count as untimely and raise no further doubt.
   */
  isDoubted(): boolean
  /**
   * @returns the best offset with this list.
   * @throws ListUntimely if it is too old or too new by an offset
   */
  judge(list: Times, by: number): number
  /** Judges by the wall clock alone. @returns the offset. @throws ListUntimely */
  begin(list: Times): number
  /**
   * @param restarted whether the offset comes from `begin`: findings about the issuer's clocks
   *   are then void
   */
  set(offset: number, restarted: boolean): void
  /** Sets an offset from `judge`. Late lists stay counted. */
  approach(offset: number): void
  /**
   * @returns the newest `iat` of the late lists by which the clock was set back; null where it was
   *   not set back
   */
  heal(list: Times): number | null
}

type Options = {
  /** Seconds. */
  maxStaleness: number
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds of a clock that never runs backwards. */
  monotonic: () => number
}

/** Consecutive late lists: their number, the best offset among them, the newest `iat`. */
type Late = { readonly since: number; answers: number; best: number; iat: number }

export const createIssuerClock = ({ maxStaleness, clock, monotonic }: Options): IssuerClock => {
  let offset: number | null = null
  /** Seconds by which the list that raised doubt was ahead of the estimate; null without doubt. */
  let doubt: number | null = null
  /** Seconds by which other servers of the issuer sign ahead of the estimate. */
  let othersAhead = 0
  let late: Late | null = null
  /** The offset of the last list that the wall clock has refused; null once a list was accepted. */
  let refused: number | null = null

  const now = (): number => monotonic() / 1000
  const wall = (): number => clock() / 1000
  const isCurrent = ({ iat }: Times): boolean => Math.abs(wall() - iat) <= maxStaleness

  /** Null until enough consecutive lists were late. */
  const countLate = (list: Times, by: number): Late | null => {
    const shown = now() - list.iat
    if (shown <= by + LATE_SECONDS) {
      late = null
      return null
    }
    late ??= { since: now(), answers: 0, best: Infinity, iat: 0 }
    late.answers += 1
    late.best = Math.min(late.best, shown)
    late.iat = Math.max(late.iat, list.iat)
    const enough = late.answers >= LATE_ANSWERS && now() - late.since >= LATE_PERIOD_SECONDS
    return enough ? late : null
  }

  const timeBy = (by: number | null): number | null => (by === null ? null : now() - by)

  return {
    offset: () => offset,
    time: () => timeBy(offset),
    reportedTime: () => timeBy(refused ?? offset),
    age: (iat, by) => now() - by - iat,
    isDoubted: () => doubt !== null,
    judge({ iat, exp }, by) {
      const time = now() - by
      const ahead = iat - time
      if (ahead <= MAX_LIST_AHEAD_SECONDS) {
        if (time > exp) throw new ListUntimely('the list has expired')
        return Math.min(by, now() - iat)
      }
      if (ahead > othersAhead + LATE_SECONDS) doubt = Math.max(doubt ?? 0, ahead)
      throw new ListUntimely('the list is from the future')
    },
    begin(list) {
      const by = now() - list.iat
      if (isCurrent(list)) return by
      refused = by
      throw new ListUntimely('the list is not current')
    },
    set(to, restarted) {
      if (restarted) othersAhead = 0
      else if (doubt !== null) othersAhead = Math.max(othersAhead, doubt)
      offset = to
      doubt = null
      late = null
      refused = null
    },
    approach(to) {
      offset = to
      refused = null
    },
    heal(list) {
      const enough = offset === null ? null : countLate(list, offset)
      if (enough === null || offset === null) return null
      late = null
      const best = Math.min(enough.best, now() - wall())
      if (best <= offset || !isCurrent(list)) return null
      offset = best
      return enough.iat
    },
  }
}

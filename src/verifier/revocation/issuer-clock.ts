// What time it is at the issuer, by the lists it has signed and a clock of ours that only runs forward. No I/O.
//
// A list arrives after it was signed, never before. So the smallest difference between our monotonic clock and an
// `iat` is the best that is known ("offset"), and one that is too small only makes what is known look older than it
// is. A larger one makes it look newer, which is what somebody wants who holds lists back: a list alone never makes
// it grow. It must where the issuer's clock was ahead and was set back, or else what is known looks old for ever.
// There the wall clock is asked as well:
//
// - For the first list, and once nothing that is known is good any more (`begin`): the list must be of now, within
//   `maxStaleness`. Who holds lists back makes one look newer by so much, and no more.
// - While what is known is good (`heal`): after a minute of several lists that were all late, and no further than
//   to what the wall clock says. Where that is right, holding lists back gains nothing, however long it is done;
//   where it is behind, no more than it is behind; where it jumps, nothing moves unless all lists are late, too.
import {
  LATE_ANSWERS,
  LATE_PERIOD_SECONDS,
  LATE_SECONDS,
  MAX_LIST_AHEAD_SECONDS,
} from '../constants.ts'
import { ListRefused, type RevocationList } from './list-page.ts'

type Times = Pick<RevocationList, 'iat' | 'exp'>

/** All about it is good but its time: what it says is true, and perhaps not all that is true by now. */
export class ListUntimely extends ListRefused {}

export type IssuerClock = {
  /** Monotonic time less the issuer's, in seconds; null before the first list. */
  offset(): number | null
  /** In seconds since the epoch; null before the first list. */
  time(): number | null
  /**
   * The same by the last list that the wall clock has refused, until another is accepted: what an operator is told, and
   * nothing that is judged by.
   */
  saidTime(): number | null
  /** How long ago that was, in seconds, by an offset. */
  age(iat: number, by: number): number
  /**
   * A list came from further ahead than time is by our estimate: this machine was suspended, or the issuer's clock was
   * set, or the issuer has several servers whose clocks differ. The last is known once the whole list, asked for after
   * that, is of the time that we know: lists from that far ahead then count as untimely, and cause no doubt any more.
   */
  isDoubted(): boolean
  /** @returns the best offset with this list. @throws ListUntimely where it cannot be of now by `known` */
  judge(list: Times, known: number): number
  /** By the wall clock, whatever was known. @returns the offset. @throws ListUntimely */
  begin(list: Times): number
  /** @param anew whether it comes from `begin`, and all that was known of the issuer's clocks is void */
  set(offset: number, anew: boolean): void
  /** As `set`, to what `judge` has returned: a list that is late stays late. */
  approach(offset: number): void
  /** @returns the newest `iat` of those by which the clock was set back; null where it was not */
  heal(list: Times): number | null
}

type Options = {
  /** Seconds. */
  maxStaleness: number
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds that only ever grow. */
  monotonic: () => number
}

/** Lists that were late, one after the other: the best offset among them, the newest `iat`. */
type Late = { readonly since: number; answers: number; best: number; iat: number }

export const createIssuerClock = ({ maxStaleness, clock, monotonic }: Options): IssuerClock => {
  let offset: number | null = null
  /** How far ahead of our estimate the list was that causes doubt, in seconds; null without doubt. */
  let doubt: number | null = null
  /** How far ahead other servers of the issuer are known to sign, in seconds. */
  let othersAhead = 0
  let late: Late | null = null
  /** The offset of the last list that the wall clock has refused; null once one was accepted. */
  let refused: number | null = null

  const now = (): number => monotonic() / 1000
  const wall = (): number => clock() / 1000
  const isOfNow = ({ iat }: Times): boolean => Math.abs(wall() - iat) <= maxStaleness

  /** Null while there may still be a list that was not late. */
  const lateSince = (list: Times, known: number): Late | null => {
    const shown = now() - list.iat
    if (shown <= known + LATE_SECONDS) {
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
    saidTime: () => timeBy(refused ?? offset),
    age: (iat, by) => now() - by - iat,
    isDoubted: () => doubt !== null,
    judge({ iat, exp }, known) {
      const time = now() - known
      const ahead = iat - time
      if (ahead <= MAX_LIST_AHEAD_SECONDS) {
        if (time > exp) throw new ListUntimely('the list has expired')
        return Math.min(known, now() - iat)
      }
      if (ahead > othersAhead + LATE_SECONDS) doubt = Math.max(doubt ?? 0, ahead)
      throw new ListUntimely('the list is from the future')
    },
    begin(list) {
      const by = now() - list.iat
      if (isOfNow(list)) return by
      refused = by
      throw new ListUntimely('the list is not of now')
    },
    set(to, anew) {
      if (anew) othersAhead = 0
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
      const since = offset === null ? null : lateSince(list, offset)
      if (since === null || offset === null) return null
      late = null
      const best = Math.min(since.best, now() - wall())
      if (best <= offset || !isOfNow(list)) return null
      offset = best
      return since.iat
    },
  }
}

// Computes where a page near the end of the list begins. Pure: no I/O.
import { REVOCATION_NEAR_HEAD } from '../constants.ts'

/** A page: the rules behind `start` up to `until`. Null: from the beginning, as a full answer; as far as it goes. */
export type Place = { readonly start: number | null; readonly until: number | null }

/**
 * The start of the page for a cursor behind the last end of a page. A cursor near the head of the list is answered
 * exactly. Another one is answered from an earlier number: at most twice as many rules, and only two different
 * starts for each doubling of the distance, however many cursors are asked for.
 */
export const startNearHead = (cursor: number, head: number, lastEnd: number): number => {
  const distance = head - cursor
  if (distance <= REVOCATION_NEAR_HEAD) return cursor
  const step = 2 ** Math.floor(Math.log2(distance))
  return Math.max(lastEnd, Math.floor(cursor / step) * step)
}

/** The page that a cursor is in, where one of these ends is behind it; else null. */
export const pageAround = (cursor: number, ends: readonly number[]): Place | null => {
  let [low, high] = [0, ends.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ends[middle] ?? Infinity) > cursor) high = middle
    else low = middle + 1
  }
  const until = ends[low]
  return until === undefined ? null : { start: ends[low - 1] ?? 0, until }
}

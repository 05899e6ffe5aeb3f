// Places of pages in the list. Pure: no I/O.
import { REVOCATION_NEAR_HEAD } from '../constants.ts'

/** A page: the rules behind `start` up to `until`. `start` null: a full answer; `until` null: up to the end. */
export type Place = { readonly start: number | null; readonly until: number | null }

/**
 * The start of the page for a cursor behind the last end of a page. A cursor near the head of the list gets exactly the
 * rules behind it. Another one gets the rules behind an earlier number: at most twice as many rules, and two different
 * starts for each doubling of the distance, for any number of cursors.
 */
export const startNearHead = (cursor: number, head: number, lastEnd: number): number => {
  const distance = head - cursor
  if (distance <= REVOCATION_NEAR_HEAD) return cursor
  const step = 2 ** Math.floor(Math.log2(distance))
  return Math.max(lastEnd, Math.floor(cursor / step) * step)
}

/** The page that contains a cursor; null where none of these ends is behind the cursor. */
export const pageAround = (cursor: number, ends: readonly number[]): Place | null => {
  let low = 0
  let high = ends.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ends[middle] ?? Infinity) > cursor) high = middle
    else low = middle + 1
  }
  const until = ends[low]
  return until === undefined ? null : { start: ends[low - 1] ?? 0, until }
}

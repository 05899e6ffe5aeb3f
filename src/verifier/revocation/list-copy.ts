// The follower's copy of a revocation list, and how a list changes it. Types only.
import type { RuleSet } from './rules.ts'

/**
 * The next request for the list: what follows `after`, or the whole list for null. `hold` is true
 * where no page is missing, so that the issuer may hold its answer until there is news.
 */
export type ListRequest = { readonly after: string | null; readonly hold: boolean }

/** Changes by an accepted list. */
export type Acceptance = {
  /** True if the list had rules or a cursor that the copy lacked. */
  readonly news: boolean
  /** True if further pages follow. */
  readonly more: boolean
  /** True if the issuer has begun a new epoch, as it does after the restore of a backup. */
  readonly newEpoch: boolean
}

/** The rules that hold. `iat` is the newest signature, in seconds since the epoch. */
export type ListCopy = {
  readonly epoch: string
  cursor: string
  iat: number
  readonly rules: RuleSet
}

/** A whole list that lacks its last pages. Its rules do not hold before the last page. */
export type PartialCopy = ListCopy & {
  /** Offset of the issuer's clock by these pages, in seconds. */
  offset: number
  /**
   * True if the wall clock has vouched for these pages: earlier lists are then not compared with
   * them.
   */
  readonly restarted: boolean
  /** The keys that signed the pages. */
  readonly kids: Set<string>
}

// The interface of the ledger: the live tokens, so that an administrator can count and see them. No decision about a token
// depends on it. It is written some milliseconds later, and a crash may lose the newest entries. Revocation does not need
// it: a `jti` that it lacks is revoked for as long as the longest token lasts.
import type { Log } from '../log.ts'
import { reasonOf } from '../errors.ts'
import type { Part } from './store.ts'

/**
 * The facts of a token that the ledger keeps. The text of the token is not among them. Times are in seconds since the
 * epoch.
 */
export type LedgerEntry = {
  jti: string
  clientId: string
  /** Workspace of the client; null if the client belongs to none. */
  workspaceId: string | null
  audience: string
  /** The identifiers of the runs that it names. */
  runs: readonly string[]
  issuedAt: number
  expiresAt: number
}

/** Numbered in the order in which they were written. */
export type LedgerRow = LedgerEntry & { seq: number }

/** Filters; an entry fits when it fits each of them. */
export type LedgerFilter = {
  jti?: string | undefined
  clientId?: string | undefined
  /** The identifier of a run that the token names. */
  run?: string | undefined
  workspaceId?: string | null | undefined
}

export type Ledger = {
  /** Keeps the entry in memory and returns. It is written with others within LEDGER_FLUSH_MS. Does not throw. */
  note(entry: LedgerEntry): void
  /**
   * Number of matching, unexpired tokens. Exact for this process; the last 100 ms of other processes may be missing.
   * @throws Unavailable
   */
  count(filter: LedgerFilter, now: number): Promise<number>
  /** Lists matching, unexpired tokens in the order of their numbers. @throws Unavailable */
  list(filter: LedgerFilter, now: number, part?: Part<number>): Promise<LedgerRow[]>
  /** Writes the entries in memory. Entries that cannot be written stay there. Does not throw. */
  flush(): Promise<void>
  /** Deletes expired entries. @throws Unavailable */
  prune(now: number): Promise<void>
  /** Writes the entries that it can, and stops. Does not throw. */
  close(): Promise<void>
}

/** Counts live tokens for an answer that is complete without the number: null without a ledger, or where it fails. */
export const countOut = async (
  { ledger, log }: { ledger: Ledger | null; log: Log },
  filter: LedgerFilter,
  now: number,
): Promise<number | null> => {
  if (ledger === null) return null
  try {
    return await ledger.count(filter, now)
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, 'the ledger could not be counted')
    return null
  }
}

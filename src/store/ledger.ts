// The seam of the ledger: which tokens are out, so that somebody can count and see them. Nothing depends on it: it is
// written behind, may lose the newest of them in a crash, and is never needed to take a token back.
import type { Log } from '../log.ts'
import { reasonOf } from '../errors.ts'
import type { Part } from './store.ts'

/** What is kept of a token: never its text. Times are seconds since the epoch. */
export type LedgerEntry = {
  jti: string
  clientId: string
  /** Null: of a client that belongs to no workspace. */
  workspaceId: string | null
  audience: string
  /** The identifiers of the runs that it names. */
  runs: readonly string[]
  issuedAt: number
  expiresAt: number
}

/** Numbered in the order in which they were written. */
export type LedgerRow = LedgerEntry & { seq: number }

/** Each that is given must fit. */
export type LedgerFilter = {
  clientId?: string | undefined
  /** The identifier of a run that the token names. */
  run?: string | undefined
  workspaceId?: string | null | undefined
}

export type Ledger = {
  /** Keeps it in mind until it is written, with others, a moment later. Never throws, never waits. */
  note(entry: LedgerEntry): void
  /** How many of those that fit have not expired: of what this process noted all, of others' all but the last moment. @throws Unavailable */
  count(filter: LedgerFilter, now: number): Promise<number>
  /** Those that have not expired, in the order of their numbers. @throws Unavailable */
  list(filter: LedgerFilter, now: number, part?: Part<number>): Promise<LedgerRow[]>
  /** Writes what is kept in mind; what cannot be written is kept. Never throws. */
  flush(): Promise<void>
  /** Forgets what has expired. @throws Unavailable */
  prune(now: number): Promise<void>
  /** Writes what it can, and then nothing more. Never throws. */
  close(): Promise<void>
}

/** For an answer that stands whatever the ledger says: null where none is kept, or it does not answer. */
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

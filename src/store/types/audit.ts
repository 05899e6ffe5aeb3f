// Audit events, and the seals over them.
export type AuditOutcome = 'intent' | 'success' | 'refused' | 'failed'

export type NewAuditEvent = {
  actor: string
  action: string
  target: string | null
  outcome: AuditOutcome
  reason?: string | undefined
  requestId?: string | undefined
  address?: string | undefined
  /** Number of like events that it counts. */
  count: number
}

/** The event of a change, as the cause of the rules that the change writes. */
export type Cause = Pick<NewAuditEvent, 'actor' | 'action' | 'requestId'>

/** One row of the audit table. */
export type AuditRow = {
  seq: number
  createdAt: number
  actor: string
  action: string
  target: string | null
  outcome: AuditOutcome
  reason: string | null
  requestId: string | null
  address: string | null
  count: number
}

/** Filters of the list; a row fits when it fits each of them. */
export type AuditFilter = {
  actor?: string | undefined
  action?: string | undefined
  target?: string | undefined
  outcome?: AuditOutcome | undefined
  requestId?: string | undefined
  /** Seconds since the epoch: from this time on. */
  since?: number | undefined
  /** Seconds since the epoch: before this time. */
  until?: number | undefined
  /** Selects events about the workspace or a client of it, and events by such a client. */
  workspaceId?: string | undefined
}

/** One page of rows: the rows behind `after` in the requested order. */
export type AuditPage = {
  filter: AuditFilter
  /** Null: from the first. */
  after: number | null
  /** The last number to read, oldest first; absent: all. */
  upTo?: number
  limit: number
  newestFirst: boolean
}

/** The rows of one step. There can be fewer than the limit although more follow. */
export type AuditPart = {
  rows: AuditRow[]
  /** `after` of the next step; null once all rows have been read. */
  next: number | null
}

/** Proof of the rows from `firstSeq` to `lastSeq`. `audit/seals.ts` makes and checks it. */
export type AuditSeal = {
  firstSeq: number
  lastSeq: number
  createdAt: number
  /** The sealed text; null once retention has deleted the rows. */
  digests: string | null
  mac: string
  /** Proof that retention deleted all rows up to `lastSeq`; null where it has not. */
  cutMac: string | null
}

export interface AuditStore {
  /** Adds all events in this order, or none. */
  addAuditEvents(events: NewAuditEvent[], now: number): Promise<void>
  /**
   * Reads one step of a page. A statement looks at AUDIT_STEP_ROWS rows at most, so a step of a filter can find
   * nothing and still have a next one.
   */
  listAuditEvents(page: AuditPage): Promise<AuditPart>
  /** Lists seals that end after this number, oldest first. */
  listAuditSeals(after: number, limit: number): Promise<AuditSeal[]>
  findNewestAuditSeal(): Promise<AuditSeal | null>
  /**
   * Adds the seal that follows the one that ends at `previousLastSeq` (null: the first).
   * @returns false, with nothing added, where another process was faster
   */
  addAuditSeal(seal: Omit<AuditSeal, 'cutMac'>, previousLastSeq: number | null): Promise<boolean>
  /**
   * Deletes all rows up to the end of this seal, and the seals before it. The seal stays, with the proof that retention
   * cut here, and the event records it (null: the event of a later cut will). The work grows with the rows since the
   * seal before it, which has been cut already.
   * @throws Conflict where this seal has been cut
   */
  cutAudit(
    cut: { lastSeq: number; cutMac: string },
    event: NewAuditEvent | null,
    now: number,
  ): Promise<void>
}

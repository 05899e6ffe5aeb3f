// Revocation rules, and the list that followers read.
import type { Cause } from './audit.ts'
import type { KeyCandidate } from './keys.ts'
import type { Part } from './lists.ts'

export type RevocationKind = 'jti' | 'run' | 'client' | 'plugin' | 'workspace' | 'key'

/** The members of a verified token that rules compare (design: Revocation). */
export type RevocationLookup = {
  kid: string
  jti: string
  /** Expiry in seconds since the epoch. */
  exp: number
  clientId: string
  clientGen: number
  /** `values`: the values of rules over the workspace. A token of no workspace has no id and no values. */
  workspace: { id: string | null; values: readonly string[]; generation: number }
  plugin: { id: string; generation: number } | null
  /** Values of rules over the runs that it names, and the keys of these runs in the table of closed runs. */
  runs: readonly string[]
}

/** The end of the list of rules. */
export type RevocationHead = {
  /** The history that the numbers belong to. */
  epoch: string
  /** The highest number that has been given. */
  seq: number
  /** The highest number of a rule that has been pruned. */
  prunedSeq: number
}

/** A live rule, with the names of its subject that the store has. */
export type Revocation = {
  seq: number
  kind: RevocationKind
  value: string
  gen: number | null
  /** The client of a `jti` rule. Null: the rule has another kind, or the client is unknown. */
  clientId: string | null
  /** Name of the client, the plugin or the workspace; for a `jti` rule, of its client. */
  name: string | null
  /** Identifier of the run. */
  run: string | null
  /** The workspace, or that of the run or the client. Null: none, or unknown. */
  workspaceId: string | null
  /** Null: for good. */
  expiresAt: number | null
  createdAt: number
  /** Actor of the cause. It is null, like the other two, for a rule that an earlier version wrote. */
  createdBy: string | null
  action: string | null
  requestId: string | null
}

/** Filters of the list; a rule fits when it fits each of them. */
export type RevocationFilter = {
  kind?: RevocationKind | undefined
  clientId?: string | undefined
  /** Selects rules over this workspace, its clients and their tokens. */
  workspaceId?: string | undefined
}

export type RevocationRange = {
  /** Selects rules with a higher number. */
  after: number
  /** Selects rules up to this number; null: as far as `limit` goes. */
  until: number | null
  /** Seconds since the epoch. */
  aliveAt: number
  /** Most rules of one page. */
  limit: number
}

export type RevocationPage = {
  /** The entries of the list (`seq`, `kind`, `value`, `gen` where there is one, `exp`), as a JSON array. */
  entries: string
  count: number
  /** Number of the last rule; null for an empty page. */
  last: number | null
  /** The page has all live rules up to this number, and more follow; null: no rule follows. */
  end: number | null
}

export interface RevocationStore {
  /** The kind of a rule that revokes this token; null: no rule does. */
  findRevocation(token: RevocationLookup): Promise<RevocationKind | null>
  /**
   * Finds what `findRevocation` finds, with the rule. The rule is null where the server pruned it by a clock that was ahead: the
   * subject still has the generation.
   */
  explainRevocation(
    token: RevocationLookup,
  ): Promise<{ kind: RevocationKind; rule: Revocation | null } | null>
  /** Finds the rule with this number; with a workspace, only a rule that its list has. */
  findRule(seq: number, filter?: Pick<RevocationFilter, 'workspaceId'>): Promise<Revocation | null>
  /** Lists the stored rules by their numbers. */
  listRevocations(filter?: RevocationFilter, part?: Part<number>): Promise<Revocation[]>
  /** Changes with every rule that is written, whichever process writes it. */
  findRevocationHead(): Promise<RevocationHead>
  /** Reads one page of the rules that end after `aliveAt` or the settled time, in the order of their numbers. */
  readRevocationPage(range: RevocationRange): Promise<RevocationPage>
  /**
   * Finds the ends of pages of `limit` live rules that have a live rule behind them. The first page begins behind
   * `after`. Answers at most REVOCATION_ENDS_READ ends; fewer: there is no further one.
   */
  listRevocationPageEnds(range: Omit<RevocationRange, 'until'>): Promise<number[]>
  /** Deletes the rules whose tokens had expired everywhere at this settled time. */
  pruneRevocations(settled: number): Promise<void>
  /**
   * Prepares a database that is the copy of an older state: begins a new epoch, revokes every key and every enrollment
   * that can still be used. Candidates take the places of the keys.
   */
  beginEpoch(candidates: KeyCandidate[], now: number, cause?: Cause): Promise<void>
  /**
   * Revokes one token. Past MAX_JTI_RULES_PER_CLIENT live rules of its client it raises the client's generation
   * instead. `clientGen` null: the generation of the token is unknown, so no later generation makes the rule needless.
   */
  revokeToken(
    token: { jti: string; clientId: string; clientGen: number | null; exp: number },
    now: number,
    cause?: Cause,
  ): Promise<void>
  /**
   * Revokes a token of which only the id is known. The rule lasts as long as the longest token that may have been
   * issued so far.
   * @throws OperationRefused `too_many_revocations` past MAX_UNKNOWN_JTI_RULES live rules of this kind
   */
  revokeUnknownToken(jti: string, now: number, cause?: Cause): Promise<void>
}

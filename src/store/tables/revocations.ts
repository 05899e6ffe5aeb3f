// Revocation rules and closed runs.
import type { RevocationKind } from '../types/revocations.ts'
import { integer, table, text } from './column.ts'
import { workspaces } from './registry.ts'
import { createdAt } from './shared.ts'

/** Rules over claims. The server keeps each until every token that it can match has expired. */
export const revocations = table('revocations', {
  /** The next number of `revocation_counter`, in commit order. */
  seq: integer('seq').primaryKey(),
  kind: text<RevocationKind>('kind'),
  value: text('value'),
  /** Tokens of an older generation are revoked; null: the kind has no generation. */
  gen: integer('gen').nullable(),
  /** The client of the token that a `jti` rule revokes: bounds these rules for each client. Empty: an unknown client. */
  clientId: text('client_id').nullable(),
  /** The workspace of a rule over a workspace, whose value is a hash; null: an earlier version wrote the rule. */
  workspaceId: text('workspace_id').nullable(),
  /** Null: for good. */
  expiresAt: integer('expires_at').nullable(),
  /** The time of its generation, where it has one. */
  createdAt: createdAt(),
  /** The audit event of the change that wrote it. Null: an earlier version wrote the rule. */
  createdBy: text('created_by').nullable(),
  action: text('action').nullable(),
  requestId: text('request_id').nullable(),
})

/**
 * One row. Writers take turns, so numbers are in commit order: a follower that has read `seq` has read every rule up to
 * it.
 */
export const revocationCounter = table('revocation_counter', {
  id: integer('id').primaryKey(),
  seq: integer('seq'),
  /** The history that the numbers belong to. The restore of a backup begins another one. */
  epoch: text('epoch').default(''),
  /** The highest number of a rule that has been pruned. */
  prunedSeq: integer('pruned_seq').default(0),
  /** The reference of clients outside every workspace. */
  noWorkspaceRef: text('no_workspace_ref').default(''),
  /**
   * The last second in which a token without a reference can be alive, set by the migration that adds references. Until
   * then the server writes rules over ids as well. Null: such tokens never existed here, or have expired.
   */
  namedRulesUntil: integer('named_rules_until').nullable(),
})

/** Runs for which the server issues no more tokens, for good. The rules over their tokens end. */
export const closedRuns = table('closed_runs', {
  /** A hash of workspace and identifier (`namedRunValue`). */
  value: text('value').primaryKey(),
  /** The value of its rule in the public list; null: closed before references existed, the same as `value`. */
  ruleValue: text('rule_value').nullable(),
  /** Workspace in which the run was closed; null for the runs of clients outside every workspace. */
  workspaceId: text('workspace_id').nullable().references(workspaces.id),
  identifier: text('identifier'),
  createdAt: createdAt(),
})

/**
 * Number of runs of a workspace that were closed in an hour. It bounds their rules without counting them. Hour 0 holds
 * the total, which bounds the table of closed runs.
 */
export const closedRunCounts = table('closed_run_counts', {
  /** Empty: clients outside every workspace. */
  workspaceId: text('workspace_id'),
  /** Hours since the epoch. */
  hour: integer('hour'),
  count: integer('count'),
})

// Statements that write revocation rules. They are part of the step with the change that takes something away.
import { type SQL, eq, lte, ne, and, sql } from 'drizzle-orm/sql'
import {
  MAX_CLOCK_TOLERANCE_SECONDS,
  PRUNE_GRACE_SECONDS,
  RULE_RETENTION_SECONDS,
} from '../../constants.ts'
import { namedWorkspaceValue, workspaceRuleValue } from '../../grants/taking-away.ts'
import { clients } from '../tables/clients.ts'
import { plugins, workspaces } from '../tables/registry.ts'
import { revocationCounter, revocations } from '../tables/revocations.ts'
import { serverClock, signingKeys } from '../tables/server.ts'
import type { RevocationKind } from '../types/revocations.ts'
import type { Cause } from '../types/audit.ts'
import type { Workspace } from '../types/workspaces.ts'
import { latestIssue } from './clock.ts'
import type { Statement } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { deleteFrom, insertFrom, update } from './statements.ts'

/** No number, in a column of numbers: an engine with strict types reads a bare null as a text. */
export const NO_NUMBER = sql`cast(null as bigint)`

const COLUMNS = [
  'seq',
  'kind',
  'value',
  'gen',
  'clientId',
  'workspaceId',
  'expiresAt',
  'createdAt',
  'createdBy',
  'action',
  'requestId',
] as const

/** When, and by which change, a rule is written. */
export type Made = { now: number; cause: Cause | undefined }

/**
 * Writes the rules that `rows` selects (kind, value, gen, client_id, workspace_id, expires_at), each with the next
 * number. For one kind and value the highest generation wins, with its cause, and the latest end. A rule that adds nothing
 * leaves the stored one unchanged. The statement prunes no rules, because `now` is one reading of a wall clock.
 */
export const addRules = ({ greatest }: Dialect, rows: SQL, { now, cause }: Made): Statement[] => [
  insertFrom(
    revocations,
    COLUMNS,
    sql`select (select seq from revocation_counter) + row_number() over (order by kind, value),
      kind, value, gen, client_id, workspace_id, expires_at, ${now},
      ${cause?.actor ?? null}, ${cause?.action ?? null}, ${cause?.requestId ?? null}
    from (${rows}) new_rules where true
    on conflict (kind, value) do update
      set seq = excluded.seq, gen = excluded.gen,
        created_at = excluded.created_at, created_by = excluded.created_by,
        action = excluded.action, request_id = excluded.request_id,
        workspace_id = excluded.workspace_id,
        expires_at = ${greatest(sql`revocations.expires_at`, sql`excluded.expires_at`)}
      where excluded.gen > revocations.gen`,
  ),
  update(revocationCounter, {
    seq: greatest(sql`seq`, sql`(select coalesce(max(seq), 0) from revocations)`),
  }),
]

/**
 * Deletes expired rules, and records two things about them. The highest number: a follower that has not read so far
 * has to begin anew. The latest expiry of a token: such tokens would look alive if the clock were set back.
 */
export const prunedRules = (settled: number): Statement[] => {
  const kept = MAX_CLOCK_TOLERANCE_SECONDS + PRUNE_GRACE_SECONDS
  const expired = lte(revocations.expiresAt, settled - kept)
  const until = sql`(select max(expires_at) from ${revocations} where kind = 'jti' and ${expired})`
  const lastSeq = sql`(select max(seq) from ${revocations} where ${expired})`
  return [
    update(serverClock, { prunedUntil: until }, sql`pruned_until < ${until}`),
    update(
      revocationCounter,
      { namedRulesUntil: null },
      lte(revocationCounter.namedRulesUntil, settled),
    ),
    update(revocationCounter, { prunedSeq: lastSeq }, sql`pruned_seq < ${lastSeq}`),
    deleteFrom(revocations, expired),
  ]
}

/**
 * The end of a rule that revokes every token issued before: counted from the latest time at which a token may have been
 * issued. This time is later than `now` where the clock was ahead and has been set right.
 */
export const ruleEnd = (dialect: Dialect, now: number): SQL =>
  sql`${latestIssue(dialect, now)} + ${RULE_RETENTION_SECONDS}`

type Generations = {
  dialect: Dialect
  kind: RevocationKind
  value: SQL
  workspaceId?: string | null
}

/** Selects a rule over each row of a table with a generation that `from` finds. */
const generationRules = (
  { dialect, kind, value, workspaceId = null }: Generations,
  from: SQL,
  now: number,
): SQL =>
  sql`select ${kind} as kind, ${value} as value, generation as gen, null as client_id,
    ${workspaceId} as workspace_id, ${ruleEnd(dialect, now)} as expires_at from ${from}`

/** Revokes the older tokens of the clients that `where` finds, whose generation an earlier statement has raised. */
export const clientRules = (dialect: Dialect, where: SQL, made: Made): Statement[] => {
  const rules = { dialect, kind: 'client', value: sql`id` } as const
  return addRules(dialect, generationRules(rules, sql`${clients} where ${where}`, made.now), made)
}

export const pluginRules = (dialect: Dialect, id: string, made: Made): Statement[] => {
  const rules = { dialect, kind: 'plugin', value: sql`id` } as const
  return addRules(dialect, generationRules(rules, sql`${plugins} where id = ${id}`, made.now), made)
}

export const workspaceRules = (
  dialect: Dialect,
  { id, ref }: Pick<Workspace, 'id' | 'ref'>,
  made: Made,
  where: SQL = sql`true`,
): Statement[] => {
  const rule = (value: string, condition: SQL) =>
    generationRules(
      { dialect, kind: 'workspace', value: sql`${value}`, workspaceId: id },
      sql`${workspaces} where id = ${id} and ${where} and ${condition}`,
      made.now,
    )
  const byRef = rule(workspaceRuleValue(ref), sql`true`)
  const byName = rule(namedWorkspaceValue(id), writesNamedRules)
  return addRules(dialect, sql`${byRef} union all ${byName}`, made)
}

/** True while the server writes rules over ids as well, for tokens that were issued before references existed. */
export const writesNamedRules = sql`(select named_rules_until from ${revocationCounter}) is not null`

/** Writes rules without an end for the revoked keys among the keys that `which` finds. */
export const keyRules = (dialect: Dialect, which: SQL, made: Made): Statement[] =>
  addRules(
    dialect,
    sql`select 'key' as kind, kid as value, ${NO_NUMBER} as gen, null as client_id,
      null as workspace_id, ${NO_NUMBER} as expires_at
      from ${signingKeys} where state = 'revoked' and ${which}`,
    made,
  )

/** Raises the generation of the clients that `where` finds, and marks them with `etag`. */
export const raiseClients = (where: SQL | undefined, etag: string): Statement =>
  update(
    clients,
    { generation: sql`generation + 1`, etag },
    and(ne(clients.status, 'deleted'), where),
  )

/** Finds the clients that a step with this etag has changed. */
export const markedWith = (etag: string): SQL => eq(clients.etag, etag)

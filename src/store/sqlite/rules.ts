// The statements that take tokens back. They go into the same step as the change that calls for them.
import { type SQL, and, eq, lte, ne, sql } from 'drizzle-orm'
import {
  MAX_CLOCK_TOLERANCE_SECONDS,
  PRUNE_GRACE_SECONDS,
  RULE_RETENTION_SECONDS,
} from '../../constants.ts'
import {
  clients,
  plugins,
  revocationCounter,
  revocations,
  serverClock,
  signingKeys,
} from '../schema.sqlite.ts'
import { namedWorkspaceValue, workspaceRuleValue } from '../../grants/taking-away.ts'
import type { Workspace } from '../store.ts'
import { latestIssue } from './clock.ts'
import type { Database, Statement } from './database.ts'

/**
 * Writes the rules that `rows` selects (kind, value, gen, client_id, expires_at), each with the next number.
 * For one kind and value the highest generation wins, and the latest end, whatever the clock says; a rule that says
 * nothing new is left as it is. Nothing is pruned here: `now` is one reading of a wall clock.
 */
export const addRules = (db: Database, rows: SQL, now: number): Statement[] => [
  db.insert(revocations).select(sql`
    select (select seq from revocation_counter) + row_number() over (order by kind, value),
      kind, value, gen, client_id, expires_at, ${now}
    from (${rows}) where true
    on conflict (kind, value) do update
      set seq = excluded.seq, gen = excluded.gen,
        expires_at = max(revocations.expires_at, excluded.expires_at)
      where excluded.gen > revocations.gen`) as Statement,
  db.update(revocationCounter).set({
    seq: sql`max(seq, (select coalesce(max(seq), 0) from revocations))`,
  }) as Statement,
]

/**
 * Which numbers are gone is remembered: a follower that has not come so far is told to begin anew. So is until when
 * the tokens expired whose rules are gone: where the clock is set back, they would seem good again.
 */
export const prunedRules = (db: Database, settled: number): Statement[] => {
  const kept = MAX_CLOCK_TOLERANCE_SECONDS + PRUNE_GRACE_SECONDS
  const expired = lte(revocations.expiresAt, settled - kept)
  const until = sql`(select max(expires_at) from ${revocations} where kind = 'jti' and ${expired})`
  return [
    db
      .update(serverClock)
      .set({ prunedUntil: until })
      .where(sql`pruned_until < ${until}`) as Statement,
    db
      .update(revocationCounter)
      .set({ namedRulesUntil: null })
      .where(lte(revocationCounter.namedRulesUntil, settled)) as Statement,
    db
      .update(revocationCounter)
      .set({ prunedSeq: sql`(select max(seq) from ${revocations} where ${expired})` })
      .where(sql`pruned_seq < (select max(seq) from ${revocations} where ${expired})`) as Statement,
    db.delete(revocations).where(expired) as Statement,
  ]
}

/**
 * Until when a rule is kept that takes back all that was issued before: counted from the latest time at which a token
 * may have been issued, which is ahead of `now` where the clock was ahead and has been set right.
 */
export const ruleEnd = (now: number): SQL => sql`${latestIssue(now)} + ${RULE_RETENTION_SECONDS}`

const generationRule = (kind: string, value: SQL, table: SQL, where: SQL, now: number): SQL =>
  sql`select ${kind} as kind, ${value} as value, generation as gen, null as client_id,
    ${ruleEnd(now)} as expires_at from ${table} where ${where}`

/** Kills the older tokens of the clients that `where` finds, whose generation has been raised already. */
export const clientRules = (db: Database, where: SQL, now: number): Statement[] =>
  addRules(db, generationRule('client', sql`id`, sql`${clients}`, where, now), now)

export const pluginRules = (db: Database, id: string, now: number): Statement[] =>
  addRules(db, generationRule('plugin', sql`id`, sql`${plugins}`, sql`id = ${id}`, now), now)

export const workspaceRules = (
  db: Database,
  { id, ref }: Pick<Workspace, 'id' | 'ref'>,
  now: number,
  where: SQL = sql`true`,
): Statement[] => {
  const rule = (value: string, condition: SQL) =>
    generationRule(
      ...(['workspace', sql`${value}`, sql`workspaces`] as const),
      sql`id = ${id} and ${where} and ${condition}`,
      now,
    )
  const byRef = rule(workspaceRuleValue(ref), sql`true`)
  const byName = rule(namedWorkspaceValue(id), writesNamedRules)
  return addRules(db, sql`${byRef} union all ${byName}`, now)
}

/** Rules over ids are written as well, for the tokens of a time before references. */
export const writesNamedRules = sql`(select named_rules_until from ${revocationCounter}) is not null`

/** Rules without an end for the revoked keys among those that `which` finds. */
export const keyRules = (db: Database, which: SQL, now: number): Statement[] =>
  addRules(
    db,
    sql`select 'key' as kind, kid as value, null as gen, null as client_id, null as expires_at
      from ${signingKeys} where state = 'revoked' and ${which}`,
    now,
  )

/** Raises the generation of the clients that `where` finds and marks them with `etag`. */
export const raiseClients = (db: Database, where: SQL | undefined, etag: string): Statement =>
  db
    .update(clients)
    .set({ generation: sql`generation + 1`, etag })
    .where(and(ne(clients.status, 'deleted'), where)) as Statement

/** The clients that a step with this etag has changed. */
export const markedWith = (etag: string): SQL => eq(clients.etag, etag)

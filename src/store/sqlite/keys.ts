// Signing keys. Partial unique indexes hold "one active, one next" for each algorithm, whoever writes.
import { type SQL, asc, eq, sql } from 'drizzle-orm'
import { KEY_RETIREMENT_SECONDS } from '../../constants.ts'
import { auditEvents, signingKeys } from '../schema.sqlite.ts'
import type { KeyCandidate, Promotion, SigningKey, Store } from '../store.ts'
import { recordedAt } from './clock.ts'
import { type Database, type Driver, type Statement, assert, inList } from './database.ts'
import { keyRules } from './rules.ts'

type KeyVerbs = Pick<
  Store,
  'listKeys' | 'addKeys' | 'promoteKeys' | 'removeRetiredKeys' | 'revokeKeys'
>

const taken = (candidate: KeyCandidate, state: 'active' | 'next') =>
  sql`exists (select 1 from signing_keys where algorithm = ${candidate.algorithm} and state = ${state})`

/** Each candidate takes the first free place of its algorithm, or none. */
export const fillPlaces = (db: Database, candidates: KeyCandidate[], now: number): Statement[] =>
  candidates.map((candidate) => {
    const at = recordedAt(now)
    const active = taken(candidate, 'active')
    const next = taken(candidate, 'next')
    return db.insert(signingKeys).select(sql`
      select ${candidate.kid}, ${candidate.algorithm}, case when ${active} then 'next' else 'active' end,
        ${JSON.stringify(candidate.publicJwk)}, ${candidate.privateJwe}, ${at},
        case when ${active} then null else ${at} end, null, null
      where not (${active} and ${next})`) as Statement
  })

/** Activates the next key of each algorithm that has no active one. */
const movedUp = (db: Database, now: number): Statement =>
  db
    .update(signingKeys)
    .set({ state: 'active', activatedAt: recordedAt(now) })
    .where(
      sql`state = 'next' and algorithm not in (select algorithm from signing_keys where state = 'active')`,
    ) as Statement

/** Retires the active key of each algorithm that has a candidate and a key that `which` finds. */
const retired = (db: Database, which: SQL, candidates: KeyCandidate[], now: number): Statement =>
  db
    .update(signingKeys)
    .set({ state: 'retiring', privateJwe: null, retiredAt: recordedAt(now) })
    .where(
      sql`state = 'active' and algorithm in (select algorithm from signing_keys where ${which})
        and algorithm ${inList(candidates.map(({ algorithm }) => algorithm))}`,
    ) as Statement

type Revoked = { candidates: KeyCandidate[]; now: number; signWithNew?: boolean }

/**
 * Revokes the keys that `which` finds for good. The next key of an algorithm moves up where its active one goes, and
 * candidates take what is free; with `signWithNew` the candidates come first.
 */
export const revokedKeys = (
  db: Database,
  which: SQL,
  { candidates, now, signWithNew = false }: Revoked,
): Statement[] => [
  db
    .update(signingKeys)
    .set({ state: 'revoked', privateJwe: null, revokedAt: recordedAt(now) })
    .where(sql`${which} and state <> 'revoked'`) as Statement,
  ...(signWithNew
    ? [retired(db, which, candidates, now), ...fillPlaces(db, candidates, now), movedUp(db, now)]
    : [movedUp(db, now), ...fillPlaces(db, candidates, now)]),
  ...keyRules(db, which, now),
]

/** The former key first: never are two of one algorithm active. */
const promoted = (db: Database, { from, to }: Promotion, now: number): Statement[] => [
  assert(
    db,
    'unchanged',
    sql`exists (select 1 from signing_keys a join signing_keys n on n.algorithm = a.algorithm
      where a.kid = ${from} and a.state = 'active' and n.kid = ${to} and n.state = 'next')`,
  ),
  db
    .update(signingKeys)
    .set({ state: 'retiring', privateJwe: null, retiredAt: recordedAt(now) })
    .where(eq(signingKeys.kid, from)) as Statement,
  db
    .update(signingKeys)
    .set({ state: 'active', activatedAt: recordedAt(now) })
    .where(eq(signingKeys.kid, to)) as Statement,
]

/** Those whose signatures have all expired. */
const outOfTime = (settled: number): SQL =>
  sql`state = 'retiring' and coalesce(retired_at, 0) <= ${settled - KEY_RETIREMENT_SECONDS}`

export const keyVerbs = ({ db, atomically }: Driver): KeyVerbs => {
  const keys = db
    .select()
    .from(signingKeys)
    .orderBy(asc(signingKeys.createdAt), asc(signingKeys.kid))
    .prepare()
  return {
    async listKeys() {
      return (await keys.all()) as SigningKey[]
    },

    async addKeys(candidates, now) {
      await atomically(fillPlaces(db, candidates, now))
    },

    async promoteKeys(promotions, candidates, now) {
      await atomically([
        ...promotions.flatMap((promotion) => promoted(db, promotion, now)),
        ...fillPlaces(db, candidates, now),
      ])
    },

    async removeRetiredKeys({ actor, action, outcome, count }, settled, now) {
      await atomically([
        db.insert(auditEvents).select(sql`
          select null, ${now}, ${actor}, ${action}, kid, ${outcome}, null, null, null, ${count}
          from signing_keys where ${outOfTime(settled)}`) as Statement,
        db.delete(signingKeys).where(outOfTime(settled)) as Statement,
      ])
    },

    async revokeKeys(kids, candidates, now, { signWithNew = false } = {}) {
      const which = kids === 'all' ? sql`true` : sql`kid ${inList(kids)}`
      await atomically(revokedKeys(db, which, { candidates, now, signWithNew }))
    },
  }
}

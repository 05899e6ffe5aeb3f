// Signing keys. Partial unique indexes hold "one active, one next" for each algorithm, whoever writes.
import { type SQL, asc, sql } from 'drizzle-orm'
import { signingKeys } from '../schema.sqlite.ts'
import type { KeyCandidate, SigningKey, Store } from '../store.ts'
import { type Database, type Driver, type Statement, inList } from './database.ts'
import { keyRules } from './rules.ts'

type KeyVerbs = Pick<Store, 'listKeys' | 'addKeys' | 'revokeKeys'>

const taken = (candidate: KeyCandidate, state: 'active' | 'next') =>
  sql`exists (select 1 from signing_keys where algorithm = ${candidate.algorithm} and state = ${state})`

/** Each candidate takes the first free place of its algorithm, or none. */
export const fillPlaces = (db: Database, candidates: KeyCandidate[], now: number): Statement[] =>
  candidates.map((candidate) => {
    const active = taken(candidate, 'active')
    const next = taken(candidate, 'next')
    return db.insert(signingKeys).select(sql`
      select ${candidate.kid}, ${candidate.algorithm}, case when ${active} then 'next' else 'active' end,
        ${JSON.stringify(candidate.publicJwk)}, ${candidate.privateJwe}, ${now},
        case when ${active} then null else ${now} end, null, null
      where not (${active} and ${next})`) as Statement
  })

/** Revokes the keys that `which` finds for good; a next key moves up where the active one goes, candidates take what is free. */
export const revokedKeys = (
  db: Database,
  which: SQL,
  { candidates, now }: { candidates: KeyCandidate[]; now: number },
): Statement[] => [
  db
    .update(signingKeys)
    .set({ state: 'revoked', privateJwe: null, revokedAt: now })
    .where(sql`${which} and state <> 'revoked'`) as Statement,
  db
    .update(signingKeys)
    .set({ state: 'active', activatedAt: now })
    .where(
      sql`state = 'next' and algorithm not in (select algorithm from signing_keys where state = 'active')`,
    ) as Statement,
  ...fillPlaces(db, candidates, now),
  ...keyRules(db, which, now),
]

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

    async revokeKeys(kids, candidates, now) {
      await atomically(revokedKeys(db, sql`kid ${inList(kids)}`, { candidates, now }))
    },
  }
}

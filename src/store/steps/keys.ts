// Signing keys. Partial unique indexes hold "one active, one next" for each algorithm, whichever process writes.
import { type SQL, asc, eq, or, and, sql } from 'drizzle-orm/sql'
import { KEY_RETIREMENT_SECONDS } from '../../constants.ts'
import type { Algorithm } from '../../signing/algorithms.ts'
import { auditEvents } from '../tables/audit.ts'
import { signingKeys } from '../tables/server.ts'
import { columnsOf } from '../tables/column.ts'
import type { KeyCandidate, KeyStore, Promotion } from '../types/keys.ts'
import { endedBy, recordedAt } from './clock.ts'
import type { Context, Statement, Verb } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { inList, jsonOf } from './lists.ts'
import { isWord, numberOf } from './literals.ts'
import { prepared, select } from './query.ts'
import { remembering } from './remembering.ts'
import { type Made, keyRules } from './rules.ts'
import { assert, deleteFrom, insertFrom, update } from './statements.ts'

const shown = columnsOf(signingKeys)

/** True in a statement where this place of the candidate's algorithm is taken. */
const isTaken = (candidate: KeyCandidate, state: 'active' | 'next') =>
  sql`exists (select 1 from signing_keys where algorithm = ${candidate.algorithm} and state = ${state})`

/** Gives each candidate the first free place of its algorithm, or none. */
export const fillPlaces = (
  dialect: Dialect,
  candidates: KeyCandidate[],
  now: number,
): Statement[] =>
  candidates.map((candidate) => {
    const at = recordedAt(dialect, now)
    const active = isTaken(candidate, 'active')
    const next = isTaken(candidate, 'next')
    return insertFrom(
      signingKeys,
      ['kid', 'algorithm', 'state', 'publicJwk', 'privateJwe', 'createdAt', 'activatedAt'],
      sql`select ${candidate.kid}, ${candidate.algorithm},
        case when ${active} then 'next' else 'active' end,
        ${JSON.stringify(candidate.publicJwk)}, ${candidate.privateJwe}, ${at},
        case when ${active} then null else ${at} end
      where not (${active} and ${next})`,
    )
  })

/** Activates the next key of each algorithm that has no active one. */
const movedUp = (dialect: Dialect, now: number): Statement =>
  update(
    signingKeys,
    { state: 'active', activatedAt: recordedAt(dialect, now) },
    sql`state = 'next' and algorithm not in (select algorithm from signing_keys where state = 'active')`,
  )

type Revoked = Made & { candidates: KeyCandidate[]; signWithNew?: boolean }

/** Retires the active key of each algorithm that has a candidate and a key that `which` finds. */
const retired = (dialect: Dialect, which: SQL, { candidates, now }: Revoked): Statement => {
  const algorithms = jsonOf(candidates.map(({ algorithm }) => algorithm))
  return update(
    signingKeys,
    { state: 'retiring', privateJwe: null, retiredAt: recordedAt(dialect, now) },
    sql`state = 'active' and algorithm in (select algorithm from signing_keys where ${which})
      and algorithm ${inList(dialect, algorithms)}`,
  )
}

/**
 * Revokes the keys that `which` finds for good. The next key of an algorithm becomes active where its active one goes,
 * and candidates take the places that are then free. With `signWithNew` the candidates come first.
 */
export const revokedKeys = (dialect: Dialect, which: SQL, revoked: Revoked): Statement[] => {
  const { candidates, now, cause, signWithNew = false } = revoked
  const filled = fillPlaces(dialect, candidates, now)
  return [
    update(
      signingKeys,
      { state: 'revoked', privateJwe: null, revokedAt: recordedAt(dialect, now) },
      sql`${which} and state <> 'revoked'`,
    ),
    ...(signWithNew
      ? [retired(dialect, which, revoked), ...filled, movedUp(dialect, now)]
      : [movedUp(dialect, now), ...filled]),
    ...keyRules(dialect, which, { now, cause }),
  ]
}

/** Retires the former key first: at no time are two keys of one algorithm active. */
const promoted = (dialect: Dialect, { from, to }: Promotion, now: number): Statement[] => [
  assert(
    'unchanged',
    sql`exists (select 1 from signing_keys a join signing_keys n on n.algorithm = a.algorithm
      where a.kid = ${from} and a.state = 'active' and n.kid = ${to} and n.state = 'next')`,
  ),
  update(
    signingKeys,
    { state: 'retiring', privateJwe: null, retiredAt: recordedAt(dialect, now) },
    eq(signingKeys.kid, from),
  ),
  update(
    signingKeys,
    { state: 'active', activatedAt: recordedAt(dialect, now) },
    eq(signingKeys.kid, to),
  ),
]

/** Finds retiring keys whose signatures have all expired. */
const outOfTime = (settled: number): SQL =>
  sql`state = 'retiring' and coalesce(retired_at, 0) <= ${settled - KEY_RETIREMENT_SECONDS}`

const findActiveKey: Verb<'findActiveKey'> = ({ connection }) => {
  const isAsked = eq(signingKeys.algorithm, sql.placeholder('algorithm'))
  const condition = and(isAsked, isWord(signingKeys.state, 'active'))
  const find = prepared(connection, select(shown, sql`from ${signingKeys} where ${condition}`))
  return remembering(connection, async (algorithm: Algorithm) => {
    const [key] = await find({ algorithm })
    return key ?? null
  })
}

/** `publishedKeys` of the key ring, in SQL. */
const isPublished = (dialect: Dialect): SQL | undefined =>
  or(
    sql`${signingKeys.state} in ('active', 'next')`,
    and(
      isWord(signingKeys.state, 'retiring'),
      // The earlier clock decides: the server has to recognize a signature to revoke its token.
      sql`${signingKeys.retiredAt} + ${numberOf(KEY_RETIREMENT_SECONDS)}
        > ${endedBy(dialect, sql.placeholder('now'))}`,
    ),
  )

const findPublishedKey: Verb<'findPublishedKey'> = ({ connection, dialect }) => {
  const condition = and(eq(signingKeys.kid, sql.placeholder('kid')), isPublished(dialect))
  const find = prepared(connection, select(shown, sql`from ${signingKeys} where ${condition}`))
  return remembering(
    connection,
    async (kid: string, now: number) => {
      const [key] = await find({ kid, now })
      return key ?? null
    },
    // A retiring key ends with time, without a commit.
    (key) => key?.state !== 'retiring',
  )
}

const listKeys: Verb<'listKeys'> = ({ connection }) => {
  const order = sql`${asc(signingKeys.createdAt)}, ${asc(signingKeys.kid)}`
  const list = prepared(connection, select(shown, sql`from ${signingKeys} order by ${order}`))
  const keys = remembering(connection, (_all: 'all') => list({}))
  return () => keys('all')
}

const addKeys: Verb<'addKeys'> =
  ({ connection, dialect }) =>
  async (candidates, now) => {
    await connection.atomically(fillPlaces(dialect, candidates, now))
  }

const promoteKeys: Verb<'promoteKeys'> =
  ({ connection, dialect }) =>
  async (promotions, candidates, now) => {
    await connection.atomically([
      ...promotions.flatMap((promotion) => promoted(dialect, promotion, now)),
      ...fillPlaces(dialect, candidates, now),
    ])
  }

const removeRetiredKeys: Verb<'removeRetiredKeys'> =
  ({ connection }) =>
  async ({ actor, action, outcome, count }, settled, now) => {
    await connection.atomically([
      insertFrom(
        auditEvents,
        ['createdAt', 'actor', 'action', 'target', 'outcome', 'count'],
        sql`select ${now}, ${actor}, ${action}, kid, ${outcome}, ${count}
          from signing_keys where ${outOfTime(settled)}`,
      ),
      deleteFrom(signingKeys, outOfTime(settled)),
    ])
  }

const revokeKeys: Verb<'revokeKeys'> =
  ({ connection, dialect }) =>
  async (kids, candidates, now, { signWithNew = false, cause } = {}) => {
    const which = kids === 'all' ? sql`true` : sql`kid ${inList(dialect, jsonOf(kids))}`
    await connection.atomically(
      revokedKeys(dialect, which, { candidates, now, cause, signWithNew }),
    )
  }

export const keyVerbs = (context: Context): KeyStore => ({
  findActiveKey: findActiveKey(context),
  findPublishedKey: findPublishedKey(context),
  listKeys: listKeys(context),
  addKeys: addKeys(context),
  promoteKeys: promoteKeys(context),
  removeRetiredKeys: removeRetiredKeys(context),
  revokeKeys: revokeKeys(context),
})

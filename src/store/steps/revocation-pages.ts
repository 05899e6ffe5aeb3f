// Pages of the revocation list. The database writes the JSON: reading 5,000 rows into objects takes three times as
// long, and the process serves no request meanwhile.
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm/sql'
import { REVOCATION_ENDS_READ } from '../../constants.ts'
import { revocations } from '../tables/revocations.ts'
import { endedBy } from './clock.ts'
import type { Verb } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { computed, prepared, readAll, select } from './query.ts'

/** True for a rule that ends after the earlier of the two clocks: a wall clock that is ahead ends no rule. */
const isLive = (dialect: Dialect, aliveAt: SQLWrapper): SQL =>
  sql`(expires_at is null or expires_at > ${endedBy(dialect, aliveAt)})`

/** The JSON of one rule. `kind` is one of our own words, a value is any text, and numbers are integers. */
const entryOf = ({ json }: Dialect): SQL =>
  sql`'{"seq":' || seq || ',"kind":"' || kind || '","value":' || ${json.quoted(sql`value`)}
  || case when gen is null then '' else ',"gen":' || gen end
  || ',"exp":' || coalesce(cast(expires_at as text), 'null') || '}'`

type Range = Record<'after' | 'until' | 'aliveAt' | 'limit', number>

export const readRevocationPage: Verb<'readRevocationPage'> = ({ connection, dialect }) => {
  const { seq } = revocations
  const rules = sql`select seq, kind, value, gen, expires_at from ${revocations}
    where ${seq} > ${sql.placeholder('after')} and ${seq} <= ${sql.placeholder('until')}
      and ${isLive(dialect, sql.placeholder('aliveAt'))}
    order by ${seq} limit ${sql.placeholder('limit')}`
  const page = select(
    {
      entries: computed<string | null>(dialect.joined(entryOf(dialect))),
      count: computed<number>(sql`count(*)`),
      last: computed<number | null>(sql`max(seq)`),
    },
    sql`from (${rules}) page`,
  )
  const run = prepared(connection, page)

  const read = async (range: Range) => {
    const [row] = await run(range)
    const { entries = null, count = 0, last = null } = row ?? {}
    return { entries: `[${entries ?? ''}]`, count, last }
  }

  return async ({ after, until, aliveAt, limit }) => {
    const found = await read({ after, until: until ?? Number.MAX_SAFE_INTEGER, aliveAt, limit })
    const end = found.count < limit ? until : found.last
    if (end === null) return { ...found, end }
    const behind = await read({ after: end, until: Number.MAX_SAFE_INTEGER, aliveAt, limit: 1 })
    return { ...found, end: behind.count > 0 ? end : null }
  }
}

export const listRevocationPageEnds: Verb<'listRevocationPageEnds'> =
  ({ connection, dialect }) =>
  async ({ after, aliveAt, limit }) => {
    // The order of numbers: by the expiry, SQLite reads all rules behind each end, 0.4 s for a million.
    const rules = dialect.readBy('revocations', null)
    const behind = (end: SQL, skipped: number): SQL => sql`(select seq from ${rules}
      where seq > ${end} and ${isLive(dialect, sql`${aliveAt}`)}
      order by seq limit 1 offset ${skipped})`
    const ends = select(
      { seq: computed<number>(sql`seq`) },
      sql`from ends where seq is not null and exists ${behind(sql`ends.seq`, 0)}`,
    )
    const found = await readAll(connection, {
      ...ends,
      statement: sql`
        with recursive ends (seq, place) as (
          select ${behind(sql`${after}`, limit - 1)}, 1
          union all
          select ${behind(sql`ends.seq`, limit - 1)}, place + 1 from ends
          where ends.seq is not null and place < ${REVOCATION_ENDS_READ}
        )
        ${ends.statement}`,
    })
    return found.map(({ seq }) => seq)
  }

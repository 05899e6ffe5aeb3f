// Pages of the revocation list. SQLite itself writes the JSON: reading 5,000 rows into objects takes three times as
// long, and the process answers nobody meanwhile.
import { type SQL, and, asc, gt, lte, sql } from 'drizzle-orm'
import { REVOCATION_ENDS_READ } from '../../constants.ts'
import { revocations } from '../schema.sqlite.ts'
import type { Store } from '../store.ts'
import { endedBy } from './clock.ts'
import type { Driver } from './database.ts'

type PageVerbs = Pick<Store, 'readRevocationPage' | 'listRevocationPageEnds'>

/** A wall clock that is ahead ends no rule: the settled time has to agree. */
const isLive = (aliveAt: unknown): SQL =>
  sql`(expires_at is null or expires_at > ${endedBy(aliveAt)})`

/** `kind` is one of our own words; a value is any text, and numbers are integers. */
const ENTRY = sql`'{"seq":' || seq || ',"kind":"' || kind || '","value":' || json_quote(value)
  || case when gen is null then '' else ',"gen":' || gen end
  || ',"exp":' || coalesce(expires_at, 'null') || '}'`

export const pageVerbs = ({ db }: Driver): PageVerbs => {
  const { seq, kind, value, gen, expiresAt } = revocations
  const rows = db
    .select({ seq, kind, value, gen, expiresAt })
    .from(revocations)
    .where(
      and(
        gt(seq, sql.placeholder('after')),
        lte(seq, sql.placeholder('until')),
        isLive(sql.placeholder('aliveAt')),
      ),
    )
    .orderBy(asc(seq))
    .limit(sql.placeholder('limit'))
    .as('page')
  const page = db
    .select({
      entries: sql<string | null>`group_concat(${ENTRY})`,
      count: sql<number>`count(*)`,
      last: sql<number | null>`max(seq)`,
    })
    .from(rows)
    .prepare()

  const read = async (range: Record<'after' | 'until' | 'aliveAt' | 'limit', number>) => {
    const [row] = await page.all(range)
    const { entries, count = 0, last = null } = row ?? {}
    return { entries: `[${entries ?? ''}]`, count, last }
  }

  return {
    async readRevocationPage({ after, until, aliveAt, limit }) {
      const found = await read({ after, until: until ?? Number.MAX_SAFE_INTEGER, aliveAt, limit })
      const end = found.count < limit ? until : found.last
      if (end === null) return { ...found, end }
      const behind = await read({ after: end, until: Number.MAX_SAFE_INTEGER, aliveAt, limit: 1 })
      return { ...found, end: behind.count > 0 ? end : null }
    },

    async listRevocationPageEnds({ after, aliveAt, limit }) {
      // By its number: by the expiry SQLite reads all rules behind each end, 0.4 s for a million.
      const behind = (
        end: SQL,
        skipped: number,
      ): SQL => sql`(select seq from revocations not indexed
        where seq > ${end} and ${isLive(aliveAt)} order by seq limit 1 offset ${skipped})`
      const found: { seq: number }[] = await db.all(sql`
        with recursive ends (seq) as (
          select ${behind(sql`${after}`, limit - 1)}
          union all
          select ${behind(sql`ends.seq`, limit - 1)} from ends where ends.seq is not null
          limit ${REVOCATION_ENDS_READ}
        )
        select seq from ends where seq is not null and exists ${behind(sql`ends.seq`, 0)}`)
      return found.map(({ seq }) => seq)
    },
  }
}

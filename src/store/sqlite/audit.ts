import { type SQL, and, asc, desc, eq, gt, gte, isNull, lt, lte, sql } from 'drizzle-orm'
import { TARGET_SEPARATOR } from '../../audit/target.ts'
import { auditEvents, auditSeals } from '../schema.sqlite.ts'
import type { AuditFilter, NewAuditEvent, Store } from '../store.ts'
import { type Database, type Driver, type Statement, assert, inList } from './database.ts'

type AuditVerbs = Pick<
  Store,
  | 'addAuditEvents'
  | 'listAuditEvents'
  | 'listAuditSeals'
  | 'findNewestAuditSeal'
  | 'addAuditSeal'
  | 'findAuditCut'
  | 'cutAudit'
>

const insertEvent = (db: Database, event: NewAuditEvent, now: number): Statement =>
  db.insert(auditEvents).values({ ...event, createdAt: now }) as Statement

/** The rows whose action is one of these kinds: an id of one kind may be spelled like one of another. */
const isKind = (...kinds: string[]): SQL =>
  sql`substr(${auditEvents.action}, 1, instr(${auditEvents.action}, '.') - 1) ${inList(kinds)}`

/** Joins a pair of ids as `audit/target.ts` does. */
const pair = (first: string, second: string): SQL =>
  sql.raw(`${first} || '${TARGET_SEPARATOR}' || ${second}`)

/**
 * What a client of the workspace did, and what was done to it and what is in it. Clients and resources that are
 * deleted leave their workspace behind. What a client of another one tried here, was refused as if there were
 * nothing: it is that one's to see. Rows of older versions name a run or a resource by text that can mean several,
 * so only unbound administrators see them.
 */
const ofWorkspace = (id: string): SQL => sql`(
  ${auditEvents.actor} in (select 'client:' || id from clients where workspace_id = ${id})
  or ((${isKind('client', 'secret', 'token')}
        and ${auditEvents.target} in (select id from clients where workspace_id = ${id})
      or ${isKind('enrollment', 'client')}
        and ${auditEvents.target} in (select id from enrollments where workspace_id = ${id})
      or ${isKind('resource')}
        and ${auditEvents.target} in (select ${pair('type', 'id')} from resources where workspace_id = ${id})
      or ${isKind('run')}
        and ${auditEvents.target} in (select ${pair('workspace_id', 'identifier')} from closed_runs where workspace_id = ${id})
      or ${isKind('workspace')} and ${auditEvents.target} = ${id})
    and ${auditEvents.actor} not in (select 'client:' || id from clients where workspace_id <> ${id})))`

const matching = (filter: AuditFilter): SQL | undefined => {
  const { actor, action, target, outcome, requestId, since, until, workspaceId } = filter
  return and(
    actor === undefined ? undefined : eq(auditEvents.actor, actor),
    action === undefined ? undefined : eq(auditEvents.action, action),
    target === undefined ? undefined : eq(auditEvents.target, target),
    outcome === undefined ? undefined : eq(auditEvents.outcome, outcome),
    requestId === undefined ? undefined : eq(auditEvents.requestId, requestId),
    since === undefined ? undefined : gte(auditEvents.createdAt, since),
    until === undefined ? undefined : lt(auditEvents.createdAt, until),
    workspaceId === undefined ? undefined : ofWorkspace(workspaceId),
  )
}

/** The first row that is not older than this time; none: all are. */
const firstSince = (time: number): SQL =>
  sql`(select seq from audit_events where created_at >= ${time} order by seq limit 1)`

export const auditVerbs = ({ db, atomically }: Driver): AuditVerbs => ({
  async addAuditEvents(events, now) {
    await atomically(events.map((event) => insertEvent(db, event, now)))
  },

  async listAuditEvents({ filter, after, limit, newestFirst }) {
    const behind = newestFirst ? lt : gt
    return await db
      .select()
      .from(auditEvents)
      .where(and(after === null ? undefined : behind(auditEvents.seq, after), matching(filter)))
      .orderBy((newestFirst ? desc : asc)(auditEvents.seq))
      .limit(limit)
  },

  async listAuditSeals(after, limit) {
    return await db
      .select()
      .from(auditSeals)
      .where(gt(auditSeals.lastSeq, after))
      .orderBy(asc(auditSeals.lastSeq))
      .limit(limit)
  },

  async findNewestAuditSeal() {
    const rows = await db.select().from(auditSeals).orderBy(desc(auditSeals.lastSeq)).limit(1)
    return rows[0] ?? null
  },

  async addAuditSeal({ lastSeq, firstSeq, createdAt, digests, mac }, previousLastSeq) {
    const added = await db.all(sql`
      insert into audit_seals (last_seq, first_seq, created_at, digests, mac)
      select ${lastSeq}, ${firstSeq}, ${createdAt}, ${digests}, ${mac}
      where (select max(last_seq) from audit_seals) is ${previousLastSeq}
      on conflict do nothing returning last_seq`)
    return added.length > 0
  },

  async findAuditCut(before) {
    const rows = await db
      .select()
      .from(auditSeals)
      .where(
        sql`${auditSeals.lastSeq} < coalesce(${firstSince(before)}, (select max(last_seq) + 1 from audit_seals))`,
      )
      .orderBy(desc(auditSeals.lastSeq))
      .limit(1)
    const [seal] = rows
    return seal === undefined || seal.cutMac !== null ? null : seal
  },

  async cutAudit({ lastSeq, cutMac }, event, now) {
    await atomically([
      assert(
        db,
        'unchanged',
        sql`exists (select 1 from audit_seals where last_seq = ${lastSeq} and cut_mac is null)`,
      ),
      db
        .update(auditSeals)
        .set({ digests: null, cutMac })
        .where(and(eq(auditSeals.lastSeq, lastSeq), isNull(auditSeals.cutMac))) as Statement,
      db.delete(auditSeals).where(lt(auditSeals.lastSeq, lastSeq)) as Statement,
      db.delete(auditEvents).where(lte(auditEvents.seq, lastSeq)) as Statement,
      insertEvent(db, event, now),
    ])
  },
})

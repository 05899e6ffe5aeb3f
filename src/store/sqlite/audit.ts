import { and, asc, desc, eq, gt, isNull, lt, lte, sql } from 'drizzle-orm'
import { auditEvents, auditSeals } from '../schema.sqlite.ts'
import type { NewAuditEvent, Store } from '../store.ts'
import { readAuditEvents } from './audit-reads.ts'
import { type Database, type Driver, type Statement, assert } from './database.ts'

type AuditVerbs = Pick<
  Store,
  | 'addAuditEvents'
  | 'listAuditEvents'
  | 'listAuditSeals'
  | 'findNewestAuditSeal'
  | 'addAuditSeal'
  | 'cutAudit'
>

const insertEvent = (db: Database, event: NewAuditEvent, now: number): Statement =>
  db.insert(auditEvents).values({ ...event, createdAt: now }) as Statement

export const auditVerbs = ({ db, atomically }: Driver): AuditVerbs => ({
  async addAuditEvents(events, now) {
    await atomically(events.map((event) => insertEvent(db, event, now)))
  },

  listAuditEvents: (page) => readAuditEvents(db, page),

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
      ...(event === null ? [] : [insertEvent(db, event, now)]),
    ])
  },
})

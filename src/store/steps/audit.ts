// Audit events and seals.
import { and, asc, desc, eq, gt, isNull, lt, lte, sql } from 'drizzle-orm/sql'
import { auditEvents, auditSeals } from '../tables/audit.ts'
import { columnsOf } from '../tables/column.ts'
import type { AuditStore, NewAuditEvent } from '../types/audit.ts'
import { readAuditEvents } from './audit-reads.ts'
import type { Context, Statement, Verb } from './connection.ts'
import { readAll, readFirst, select } from './query.ts'
import { assert, deleteFrom, insert, update } from './statements.ts'

const seal = columnsOf(auditSeals)

const insertEvent = (event: NewAuditEvent, now: number): Statement =>
  insert(auditEvents, { ...event, createdAt: now })

const addAuditEvents: Verb<'addAuditEvents'> =
  ({ connection }) =>
  async (events, now) => {
    await connection.atomically(events.map((event) => insertEvent(event, now)))
  }

const listAuditSeals: Verb<'listAuditSeals'> =
  ({ connection }) =>
  (after, limit) => {
    const behind = gt(auditSeals.lastSeq, after)
    const rest = sql`from ${auditSeals} where ${behind} order by ${asc(auditSeals.lastSeq)} limit ${limit}`
    return readAll(connection, select(seal, rest))
  }

const findNewestAuditSeal: Verb<'findNewestAuditSeal'> =
  ({ connection }) =>
  () =>
    readFirst(
      connection,
      select(seal, sql`from ${auditSeals} order by ${desc(auditSeals.lastSeq)} limit 1`),
    )

const addAuditSeal: Verb<'addAuditSeal'> =
  ({ connection }) =>
  async ({ lastSeq, firstSeq, createdAt, digests, mac }, previousLastSeq) => {
    const added = await connection.run(sql`
      insert into audit_seals (last_seq, first_seq, created_at, digests, mac)
      select ${lastSeq}, ${firstSeq}, ${createdAt}, ${digests}, ${mac}
      where (select max(last_seq) from audit_seals) is not distinct from ${previousLastSeq}
      on conflict do nothing returning last_seq`)
    return added.length > 0
  }

const cutAudit: Verb<'cutAudit'> =
  ({ connection }) =>
  async ({ lastSeq, cutMac }, event, now) => {
    await connection.atomically([
      assert(
        'unchanged',
        sql`exists (select 1 from audit_seals where last_seq = ${lastSeq} and cut_mac is null)`,
      ),
      update(
        auditSeals,
        { digests: null, cutMac },
        and(eq(auditSeals.lastSeq, lastSeq), isNull(auditSeals.cutMac)),
      ),
      deleteFrom(auditSeals, lt(auditSeals.lastSeq, lastSeq)),
      deleteFrom(auditEvents, lte(auditEvents.seq, lastSeq)),
      ...(event === null ? [] : [insertEvent(event, now)]),
    ])
  }

export const auditVerbs = (context: Context): AuditStore => ({
  addAuditEvents: addAuditEvents(context),
  listAuditEvents: (page) => readAuditEvents(context, page),
  listAuditSeals: listAuditSeals(context),
  findNewestAuditSeal: findNewestAuditSeal(context),
  addAuditSeal: addAuditSeal(context),
  cutAudit: cutAudit(context),
})

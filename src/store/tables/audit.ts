// Audit events, and the seals over them.
import type { AuditOutcome } from '../types/audit.ts'
import { integer, table, text } from './column.ts'
import { createdAt } from './shared.ts'

/**
 * Actions and refusals, with their actors. The server adds rows in the order of `seq`; retention deletes whole seals.
 */
export const auditEvents = table('audit_events', {
  /** A number is not used again, so a gap shows that a row was deleted. */
  seq: integer('seq').numbered(),
  createdAt: createdAt(),
  actor: text('actor'),
  action: text('action'),
  target: text('target').nullable(),
  /** The row of the intent precedes the change, so a crash leaves it without its outcome. */
  outcome: text<AuditOutcome>('outcome'),
  /** The stable code of the refusal. */
  reason: text('reason').nullable(),
  requestId: text('request_id').nullable(),
  address: text('address').nullable(),
  /** Number of like events that this row counts: events that anyone can cause share a row. */
  count: integer('count').default(1),
})

/**
 * Proof of the events, made with a key that is outside the database. Each seal covers the events since the seal before
 * it, and contains that seal's MAC.
 */
export const auditSeals = table('audit_seals', {
  lastSeq: integer('last_seq').primaryKey(),
  firstSeq: integer('first_seq').unique(),
  createdAt: createdAt(),
  /** JSON: `[seq, digest]` of each event, the input of the MAC; null once retention has deleted the events. */
  digests: text('digests').nullable(),
  mac: text('mac'),
  /** Proof that retention deleted all events up to here, and not a person with access to the database. */
  cutMac: text('cut_mac').nullable(),
})

// Reads the audit table of a place directly from its database file.
import { existsSync } from 'node:fs'
import BetterSqlite3 from 'better-sqlite3'
import type { AuditEvent } from '../../src/audit/record.ts'
import { databasePath } from './database.ts'
import type { Place } from './processes.ts'

type Row = AuditEvent & { seq: number; request_id: string | null }

/** Every row, oldest first. */
export const auditRows = (place: Place): Row[] => {
  if (!existsSync(databasePath(place))) return []
  const client = new BetterSqlite3(databasePath(place), { fileMustExist: true })
  const rows = client.prepare('select * from audit_events order by seq').all() as Row[]
  client.close()
  return rows
}

/** Outcomes of operations, without the rows that record an intent. */
export const auditEvents = (place: Place): AuditEvent[] =>
  auditRows(place)
    .filter(({ outcome }) => outcome !== 'intent')
    .map(({ actor, action, target, outcome, reason }) => ({
      actor,
      action,
      target,
      outcome,
      ...(reason !== null && { reason }),
    })) as AuditEvent[]

/** The whole audit as text, to search it for secrets. */
export const auditText = (place: Place): string => JSON.stringify(auditRows(place))

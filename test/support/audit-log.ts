// The audit table of a place, looked at from outside.
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

/** How operations ended, each after the row that says what was intended. */
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

/** All of it as text: to look for what must not be in it. */
export const auditText = (place: Place): string => JSON.stringify(auditRows(place))

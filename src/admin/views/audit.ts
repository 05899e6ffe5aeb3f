// An audit event and the report of a check, as the admin API and `--json` show them. Pure: no I/O.
import { z } from 'zod'
import type { Finding, FindingKind } from '../../audit/findings.ts'
import type { AuditReport } from '../../audit/verify.ts'
import type { AuditRow } from '../../store/store.ts'
import { time } from './common.ts'

/** RFC 3339, and null for what is no time: whoever can write the database can write anything. */
const storedTime = (seconds: number | null): string | null =>
  seconds === null || Number.isNaN(new Date(Number(seconds) * 1000).getTime())
    ? null
    : time(seconds)

const storedTimeSchema = z.string().nullable().meta({ format: 'date-time' })

export const auditEventSchema = z
  .strictObject({
    seq: z.int(),
    time: storedTimeSchema,
    actor: z.string().meta({ description: '`client:ID`, `cli:USER`, `server` or `unknown`.' }),
    action: z.string(),
    target: z.string().nullable(),
    outcome: z.enum(['intent', 'success', 'refused', 'failed']),
    reason: z.string().nullable().meta({ description: 'The code of the refusal.' }),
    request_id: z.string().nullable(),
    address: z.string().nullable(),
    count: z.int().meta({ description: 'How many alike this one stands for.' }),
  })
  .meta({ id: 'AuditEvent', description: 'Who did what, or was refused.' })

export const auditView = (row: AuditRow): z.infer<typeof auditEventSchema> => ({
  seq: row.seq,
  time: storedTime(row.createdAt),
  actor: row.actor,
  action: row.action,
  target: row.target,
  outcome: row.outcome,
  reason: row.reason,
  request_id: row.requestId,
  address: row.address,
  count: row.count,
})

const DETAILS: Record<FindingKind, string> = {
  changed: 'the row is not what was sealed',
  moved: 'the row was sealed in another place',
  missing: 'the row is not there',
  added: 'the row was put where there was none',
  seal_changed: 'the seal of these rows has been changed',
  seal_missing: 'the seal of these rows is not there',
  cut_forged: 'the mark that retention took these rows is not ours',
}

const findingView = ({ finding, seq, lastSeq, sealedAs }: Finding) => ({
  finding,
  seq,
  last_seq: lastSeq,
  detail: sealedAs === null ? DETAILS[finding] : `the row was sealed as ${sealedAs}`,
})

export const auditReportSchema = z
  .strictObject({
    intact: z.boolean(),
    checked: z.int().meta({ description: 'Rows that were compared with what was sealed.' }),
    sealed_to: z.int().nullable().meta({ description: 'The newest seal.' }),
    sealed_at: storedTimeSchema,
    sealed_mac: z
      .string()
      .nullable()
      .meta({ description: 'Keep it with `sealed_to`: a later check can ask for that seal.' }),
    unsealed: z.int().meta({ description: 'Rows that are newer than that.' }),
    found: z.int().meta({ description: 'How many there are; `findings` has the first.' }),
    findings: z.array(
      z.strictObject({
        finding: z.enum(Object.keys(DETAILS) as [FindingKind, ...FindingKind[]]),
        seq: z.int(),
        last_seq: z.int(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'AuditReport' })

export const auditReportView = (report: AuditReport): z.infer<typeof auditReportSchema> => ({
  intact: report.intact,
  checked: report.checked,
  sealed_to: report.sealedTo,
  sealed_at: storedTime(report.sealedAt),
  sealed_mac: report.sealedMac,
  unsealed: report.unsealed,
  found: report.found,
  findings: report.findings.map(findingView),
})

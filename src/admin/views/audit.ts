// An audit event and the report of a check, as the admin API and `--json` show them. Pure: no I/O.
import { z } from 'zod'
import type { Finding, FindingKind } from '../../audit/findings.ts'
import type { AuditReport } from '../../audit/verify.ts'
import type { AuditRow } from '../../store/store.ts'
import { time } from './common.ts'

/** RFC 3339; null for a value that is no time: an attacker who can write to the database can store any value. */
const storedTime = (seconds: number | null): string | null =>
  seconds === null || Number.isNaN(new Date(Number(seconds) * 1000).getTime())
    ? null
    : time(seconds)

const storedTimeSchema = z.string().nullable().meta({ format: 'date-time' })

export const auditEventSchema = z
  .strictObject({
    seq: z.int(),
    time: storedTimeSchema,
    actor: z.string().meta({
      description: '`client:ID`, `cli:USER`, `enrollment:ID`, `server` or `unknown`.',
    }),
    action: z.string(),
    target: z.string().nullable(),
    outcome: z.enum(['intent', 'success', 'refused', 'failed']),
    reason: z.string().nullable().meta({ description: 'Code of the refusal.' }),
    request_id: z.string().nullable(),
    address: z.string().nullable(),
    count: z.int().meta({ description: 'Number of equal events that this row sums up.' }),
  })
  .meta({ id: 'AuditEvent', description: 'A change, or a refusal.' })

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
  changed: 'the row differs from its sealed digest',
  moved: 'the row was sealed with another number',
  missing: 'the row is missing',
  added: 'the row was inserted',
  seal_changed: 'the seal of these rows was changed',
  seal_missing: 'the seal of these rows is missing',
  cut_forged: 'the mark that retention deleted these rows is forged',
}

const findingView = ({ finding, seq, lastSeq, sealedAs }: Finding) => ({
  finding,
  seq,
  last_seq: lastSeq,
  detail: sealedAs === null ? DETAILS[finding] : `the row was sealed with the number ${sealedAs}`,
})

export const auditReportSchema = z
  .strictObject({
    intact: z.boolean(),
    checked: z.int().meta({ description: 'Number of rows that were compared with their seals.' }),
    sealed_to: z.int().nullable().meta({ description: 'Last row of the newest seal.' }),
    sealed_at: storedTimeSchema,
    sealed_mac: z.string().nullable().meta({
      description: 'MAC of that seal. Record it with `sealed_to`: a later check can require it.',
    }),
    unsealed: z.int().meta({ description: 'Number of rows after the newest seal.' }),
    found: z.int().meta({ description: 'Number of findings; `findings` has the first ones.' }),
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

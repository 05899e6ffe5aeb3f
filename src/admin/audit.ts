// Reading, checking and exporting the audit table. Reading it adds no event.
import { z } from 'zod'
import { isCounted, readSteps } from '../audit/rows.ts'
import { sealingKey } from '../audit/seals.ts'
import { checkAudit } from '../audit/verify.ts'
import { DEFAULT_PAGE } from '../constants.ts'
import { comparedText } from '../text/human-text.ts'
import { letOthersRun } from '../store/pause.ts'
import type { AuditFilter, AuditRow } from '../store/store.ts'
import { auditReportView, auditView } from './views/audit.ts'
import { type Authority, requireUnbound } from './authority.ts'
import { authorizedCheck, authorizedRows } from './reauthorization.ts'
import { type AdminCall, parseQuery } from './operation.ts'
import { pageFields, pageInSteps, sequenceNumber } from './pages.ts'
import { orNotFound } from './refusals.ts'

const text = comparedText(256)

/** RFC 3339, or a day, which begins at midnight UTC; in whole seconds. */
const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be a time such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31',
  })
  .transform((written) => Math.ceil(Date.parse(written) / 1000))

/** Filters of a list and an export: from `since`, and before `until`. */
export const auditFilter = z.strictObject({
  actor: text.optional(),
  action: text.optional(),
  target: text.optional(),
  outcome: z
    .enum(['intent', 'success', 'refused', 'failed'], {
      error: 'must be intent, success, refused or failed',
    })
    .optional(),
  request_id: text.optional(),
  since: moment.optional(),
  until: moment.optional(),
})

export const auditQuery = auditFilter.extend(pageFields)

type Filter = z.input<typeof auditFilter>

/** Limits a bound administrator to the events of its workspace. */
const rowFilter = (
  { request_id: requestId, ...filters }: z.output<typeof auditFilter>,
  { workspaceId }: Authority,
): AuditFilter => ({ ...filters, requestId, workspaceId: workspaceId ?? undefined })

/** Lists events, newest first. A page ends early where few of many rows match the filter. */
export const listAudit = async (
  { deps, authority }: AdminCall,
  query: z.input<typeof auditQuery> = {},
) => {
  const { limit, cursor, ...filters } = parseQuery(auditQuery, query)
  const filter = rowFilter(filters, authority)
  return await pageInSteps(
    { list: 'audit', limit: limit ?? DEFAULT_PAGE, cursor },
    async (step) => {
      const part = await deps.store.listAuditEvents({ filter, ...step, newestFirst: true })
      await letOthersRun()
      return part
    },
    auditView,
  )
}

/** Shows one event. A bound administrator finds those of its list. */
export const showAudit = async ({ deps, authority }: AdminCall, sent: string) => {
  const seq = sequenceNumber(sent)
  const filter = rowFilter({}, authority)
  const range = { after: (seq ?? 0) - 1, upTo: seq ?? 0, limit: 1, newestFirst: false }
  const [row] = seq === null ? [] : (await deps.store.listAuditEvents({ filter, ...range })).rows
  return auditView(orNotFound(row ?? null, 'audit event with the number', sent))
}

export const auditCheck = z.strictObject({
  seal: z
    .string()
    .regex(/^\d{1,15}:[\w-]{43}$/, { error: 'must be SEALED_TO:SEALED_MAC of an earlier report' })
    .optional()
    .meta({
      description: '`sealed_to:sealed_mac` of an earlier report: the check requires that seal.',
    }),
})

/** Compares every row with its seal, and requires the seal of an earlier report if the administrator sends one. */
export const verifyAudit = async (call: AdminCall, query: z.input<typeof auditCheck> = {}) => {
  const { store, kek } = call.deps
  requireUnbound(call.authority)
  const { seal } = parseQuery(auditCheck, query)
  const [seq = '', mac = ''] = seal?.split(':') ?? []
  const recordedSeal = seal === undefined ? undefined : { seq: Number(seq), mac }
  const key = sealingKey(kek)
  const onChecked = call.onProgress && shareOf(await readEnds(store), call.onProgress)
  return auditReportView(
    await authorizedCheck(call, (onStep) =>
      checkAudit({ store, key, recordedSeal, onStep, onChecked }),
    ),
  )
}

type Ends = { first: number; last: number }

/** Numbers of the oldest and the newest event; 1 and 0 without events. */
const readEnds = async ({ listAuditEvents }: AdminCall['deps']['store']): Promise<Ends> => {
  const seqAt = async (newestFirst: boolean): Promise<number | undefined> =>
    (await listAuditEvents({ filter: {}, after: null, limit: 1, newestFirst })).rows[0]?.seq
  return { first: (await seqAt(false)) ?? 1, last: (await seqAt(true)) ?? 0 }
}

const shareOf =
  ({ first, last }: Ends, onProgress: NonNullable<AdminCall['onProgress']>) =>
  (done: number): void =>
    onProgress(done, last - first + 1)

/**
 * Exports events, oldest first, up to the newest one at the start. Its number is the etag: rows do not change after
 * they are written.
 */
export const exportAudit = async (call: AdminCall, query: Filter = {}) => {
  const { deps, authority } = call
  const filter = rowFilter(parseQuery(auditFilter, query), authority)
  const newest = { filter: {}, after: null, limit: 1, newestFirst: true }
  const last = (await deps.store.listAuditEvents(newest)).rows[0] ?? { seq: 0 }
  // A number beyond MAX_SAFE_INTEGER was inserted by an attacker who can write to the database: it is no bound.
  const bound = isCounted(last) ? { upTo: last.seq } : {}
  const rows = authorizedRows(call, readSteps(deps.store, { filter, ...bound }))
  return { etag: `${last.seq}`, rows: views(rows, call, last.seq) }
}

/** The share that is done is that of the numbers up to the last one. A filter by time can end sooner. */
const views = async function* (
  rows: AsyncGenerator<AuditRow>,
  { onProgress }: AdminCall,
  last: number,
) {
  let first: number | undefined
  for await (const row of rows) {
    first ??= row.seq
    onProgress?.(row.seq - first + 1, last - first + 1)
    yield auditView(row)
  }
}

// The audit table, to be looked at. A look leaves no event.
import { z } from 'zod'
import { readRows } from '../audit/rows.ts'
import { sealingKey } from '../audit/seals.ts'
import { checkAudit } from '../audit/verify.ts'
import { DEFAULT_AUDIT_LIST, MAX_AUDIT_LIST } from '../constants.ts'
import type { AuditFilter, AuditRow } from '../store/store.ts'
import { type Admin, parse } from './operation.ts'
import { auditReportView, auditView } from './views.ts'

const text = z.string().min(1, { error: 'must not be empty' })

/** RFC 3339, or a day, which begins at midnight UTC; in whole seconds. */
const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be a time such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31',
  })
  .transform((written) => Math.ceil(Date.parse(written) / 1000))

const limitError = `must be a whole number from 1 to ${MAX_AUDIT_LIST}`

/** `since` is the first time that is meant, `until` the first that is not. */
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

/** `after` is the `seq` of the last one that has been seen: older ones follow. */
export const auditQuery = auditFilter.extend({
  limit: z
    .int({ error: limitError })
    .min(1, { error: limitError })
    .max(MAX_AUDIT_LIST, { error: limitError })
    .default(DEFAULT_AUDIT_LIST),
  after: z.int({ error: 'must be the seq of an event' }).optional(),
})

type Bound = Pick<AuditFilter, 'workspaceId'>
export type AuditView = ReturnType<typeof auditView>

const rowFilter = (
  { request_id: requestId, ...given }: z.output<typeof auditFilter>,
  { workspaceId }: Bound,
): AuditFilter => ({ ...given, requestId, workspaceId })

/** Newest first. `bound` leaves only what concerns one workspace. */
export const listAudit = async (
  { deps }: Admin,
  query: z.input<typeof auditQuery> = {},
  bound: Bound = {},
): Promise<AuditView[]> => {
  const { limit, after = null, ...given } = parse(auditQuery, query)
  const filter = rowFilter(given, bound)
  const rows = await deps.store.listAuditEvents({ filter, after, limit, newestFirst: true })
  return rows.map(auditView)
}

/** Whether every row still is what was sealed. */
export const verifyAudit = async ({ deps }: Admin) =>
  auditReportView(await checkAudit({ store: deps.store, key: sealingKey(deps.kek) }))

/** Oldest first, read as they are asked for. */
export const exportAudit = (
  { deps }: Admin,
  filter: z.input<typeof auditFilter> = {},
  bound: Bound = {},
): AsyncGenerator<AuditView> =>
  views(readRows(deps.store, rowFilter(parse(auditFilter, filter), bound)))

const views = async function* (rows: AsyncGenerator<AuditRow>): AsyncGenerator<AuditView> {
  for await (const row of rows) yield auditView(row)
}

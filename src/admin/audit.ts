// The audit table, to be looked at. A look leaves no event.
import { z } from 'zod'
import { isCounted, readSteps } from '../audit/rows.ts'
import { sealingKey } from '../audit/seals.ts'
import { checkAudit } from '../audit/verify.ts'
import { DEFAULT_PAGE } from '../constants.ts'
import { comparedText } from '../text/human-text.ts'
import { letOthersRun } from '../store/pause.ts'
import type { AuditFilter, AuditRow } from '../store/store.ts'
import { auditReportView, auditView } from './audit-views.ts'
import { type Authority, requireUnbound } from './authority.ts'
import { authorizedCheck, authorizedRows } from './lasting.ts'
import { type AdminCall, parseQuery } from './operation.ts'
import { pageFields, pageInSteps } from './pages.ts'

const text = comparedText(256)

/** RFC 3339, or a day, which begins at midnight UTC; in whole seconds. */
const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be a time such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31',
  })
  .transform((written) => Math.ceil(Date.parse(written) / 1000))

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

export const auditQuery = auditFilter.extend(pageFields)

type Filter = z.input<typeof auditFilter>

/** A bound administrator sees what concerns its workspace. */
const rowFilter = (
  { request_id: requestId, ...given }: z.output<typeof auditFilter>,
  { workspaceId }: Authority,
): AuditFilter => ({ ...given, requestId, workspaceId: workspaceId ?? undefined })

/** Lists events, newest first. A part ends early where few of many rows fit the filter. */
export const listAudit = async (
  { deps, authority }: AdminCall,
  query: z.input<typeof auditQuery> = {},
) => {
  const { limit, cursor, ...given } = parseQuery(auditQuery, query)
  const filter = rowFilter(given, authority)
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

export const auditCheck = z.strictObject({
  seal: z
    .string()
    .regex(/^\d{1,15}:[\w-]{43}$/, { error: 'must be SEALED_TO:SEALED_MAC of an earlier report' })
    .optional()
    .meta({ description: '`sealed_to:sealed_mac` of an earlier report: that seal must be there.' }),
})

/** Checks whether every row still is what was sealed, and a seal that somebody has noted is still there. */
export const verifyAudit = async (admin: AdminCall, given: z.input<typeof auditCheck> = {}) => {
  const { store, kek } = admin.deps
  requireUnbound(admin.authority)
  const { seal } = parseQuery(auditCheck, given)
  const [seq = '', mac = ''] = seal?.split(':') ?? []
  const noted = seal === undefined ? undefined : { seq: Number(seq), mac }
  const key = sealingKey(kek)
  return auditReportView(
    await authorizedCheck(admin, (onStep) => checkAudit({ store, key, noted, onStep })),
  )
}

/**
 * Exports events, oldest first, up to the newest that is there at the start: its number says which state this is,
 * because rows never change.
 */
export const exportAudit = async (admin: AdminCall, given: Filter = {}) => {
  const { deps, authority } = admin
  const filter = rowFilter(parseQuery(auditFilter, given), authority)
  const newest = { filter: {}, after: null, limit: 1, newestFirst: true }
  const last = (await deps.store.listAuditEvents(newest)).rows[0] ?? { seq: 0 }
  // A number that is not exact was put there by somebody who can write the database: it is no bound.
  const bound = isCounted(last) ? { upTo: last.seq } : {}
  const rows = authorizedRows(admin, readSteps(deps.store, { filter, ...bound }))
  return { etag: `${last.seq}`, rows: views(rows) }
}

const views = async function* (rows: AsyncGenerator<AuditRow>) {
  for await (const row of rows) yield auditView(row)
}

// Who did what, or was refused.
import {
  auditCheck,
  auditFilter,
  auditQuery,
  exportAudit,
  listAudit,
  verifyAudit,
} from '../audit.ts'
import { auditEventSchema, auditReportSchema } from '../views/audit.ts'
import { type Endpoint, endpoint, exportOf, pageOf } from './endpoint.ts'

export const audit: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/audit',
    action: 'audit.list',
    summary: 'Events, newest first',
    description:
      'A bound administrator sees what concerns its workspace. A part can have fewer items than its limit, or ' +
      'none, and still a next_cursor.',
    query: auditQuery,
    response: pageOf(auditEventSchema),
    handle: (call, { query }) => listAudit(call, query),
  }),
  endpoint({
    method: 'get',
    path: '/audit/verify',
    action: 'audit.verify',
    summary: 'Compare every event with what was sealed',
    description:
      'The check ends when the caller loses the right to it or closes the connection, and after 15 minutes.',
    query: auditCheck,
    response: auditReportSchema,
    refuses: ['unbound_required'],
    handle: (call, { query }) => verifyAudit(call, query),
  }),
  endpoint({
    method: 'get',
    path: '/audit/export',
    action: 'audit.export',
    summary: 'Events, oldest first, one JSON object a line',
    description:
      'The events that are there at the start. The transfer is broken off when the caller loses the right to it, ' +
      'and after 15 minutes.',
    query: auditFilter,
    response: exportOf(auditEventSchema),
    handle: (call, { query }) => exportAudit(call, query),
  }),
]

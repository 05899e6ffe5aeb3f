// Audit events.
import {
  auditCheck,
  auditFilter,
  auditQuery,
  exportAudit,
  listAudit,
  showAudit,
  verifyAudit,
} from '../audit.ts'
import { auditEventSchema, auditReportSchema } from '../views/audit.ts'
import { endpoint, exportOf, pageOf } from './endpoint.ts'

export const audit = [
  endpoint({
    method: 'get',
    path: '/audit',
    action: 'audit.list',
    summary: 'List audit events, newest first',
    description:
      'A bound administrator sees the events of its workspace. A page can have fewer items than its limit, or none, and still a `next_cursor`.',
    query: auditQuery,
    response: pageOf(auditEventSchema),
    handle: (call, { query }) => listAudit(call, query),
  }),
  endpoint({
    method: 'get',
    path: '/audit/verify',
    action: 'audit.verify',
    summary: 'Compare every audit event with its seal',
    description:
      'Only for unbound administrators. The check is aborted when the caller loses its authority or closes the connection, and after 15 minutes.',
    query: auditCheck,
    response: auditReportSchema,
    refuses: ['unbound_required'],
    handle: (call, { query }) => verifyAudit(call, query),
  }),
  endpoint({
    method: 'get',
    path: '/audit/export',
    action: 'audit.export',
    summary: 'Export audit events, oldest first, one JSON object a line',
    description:
      'All events up to the newest one at the start. The transfer is aborted when the caller loses its authority, and after 15 minutes. A bound administrator gets the events of its workspace.',
    query: auditFilter,
    response: exportOf(auditEventSchema),
    handle: (call, { query }) => exportAudit(call, query),
  }),
  endpoint({
    method: 'get',
    path: '/audit/{seq}',
    action: 'audit.show',
    summary: 'Show an audit event',
    description: 'A bound administrator sees the events of its workspace.',
    response: auditEventSchema,
    handle: (call, { seq }) => showAudit(call, seq),
  }),
]

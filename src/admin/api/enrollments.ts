// Single-use credentials that become clients.
import {
  createEnrollment,
  enrollmentQuery,
  listEnrollments,
  newEnrollment,
  revokeEnrollment,
  showEnrollment,
} from '../enrollments.ts'
import { createdEnrollmentSchema, enrollmentSchema } from '../views/enrollment.ts'
import { endpoint, pageOf } from './endpoint.ts'

export const enrollments = [
  endpoint({
    method: 'get',
    path: '/enrollments',
    action: 'enrollment.list',
    summary: 'List enrollments',
    description:
      'Oldest first, without their tokens. An ended enrollment is listed for two days. A bound administrator sees the enrollments of its workspace.',
    query: enrollmentQuery,
    response: pageOf(enrollmentSchema),
    handle: (call, { query }) => listEnrollments(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/enrollments',
    action: 'enrollment.create',
    summary: 'Create an enrollment; no later answer contains its token',
    description:
      'The token becomes one client at `POST /oauth/register`, with the grants of this request that still exist then. It expires after 15 minutes, or `expires_in` seconds. Disabling or deleting the administrator that created it, or revoking its tokens, ends it, too.',
    body: newEnrollment,
    response: createdEnrollmentSchema,
    location: ({ enrollment_id: id }) => `/enrollments/${id}`,
    refuses: ['exceeds_own_grant', 'unknown_reference', 'plugin_disabled'],
    handle: (call, { body }) => createEnrollment(call, body),
  }),
  endpoint({
    method: 'get',
    path: '/enrollments/{enrollment_id}',
    action: 'enrollment.show',
    summary: 'Show an enrollment and its status',
    description:
      'With the client that it has become. A bound administrator sees the enrollments of its workspace.',
    response: enrollmentSchema,
    handle: (call, { enrollment_id: id }) => showEnrollment(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/enrollments/{enrollment_id}/revoke',
    action: 'enrollment.revoke',
    summary: 'Revoke an unused enrollment',
    description:
      'Its token is refused from now on. A used enrollment has become a client: delete that client instead.',
    response: enrollmentSchema,
    refuses: ['enrollment_ended'],
    handle: (call, { enrollment_id: id }) => revokeEnrollment(call, id),
  }),
]

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
import { type Endpoint, endpoint, pageOf } from './endpoint.ts'

export const enrollments: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/enrollments',
    action: 'enrollment.list',
    summary: 'All enrollments, ended ones for two days',
    description:
      'Oldest first, without their tokens. A bound administrator sees those of its workspace.',
    query: enrollmentQuery,
    response: pageOf(enrollmentSchema),
    handle: (call, { query }) => listEnrollments(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/enrollments',
    action: 'enrollment.create',
    summary: 'Make an enrollment; its token is shown this once',
    description:
      'The token becomes one client at `POST /oauth/register`, with what is granted here and still exists then. It ends after 15 minutes, or `expires_in` seconds, and with the administrator who made it.',
    body: newEnrollment,
    response: createdEnrollmentSchema,
    location: ({ enrollment_id: id }) => `/enrollments/${id}`,
    refuses: ['exceeds_own_grant', 'unknown_reference'],
    handle: (call, { body }) => createEnrollment(call, body),
  }),
  endpoint({
    method: 'get',
    path: '/enrollments/{enrollment_id}',
    action: 'enrollment.show',
    summary: 'One enrollment and what has become of it',
    description:
      'Its status, and the client that it became. A bound administrator sees those of its workspace.',
    response: enrollmentSchema,
    handle: (call, { enrollment_id: id }) => showEnrollment(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/enrollments/{enrollment_id}/revoke',
    action: 'enrollment.revoke',
    summary: 'End one that has not been used',
    description:
      'Its token is refused from now on. A client that it became is a client like others: delete that one.',
    response: enrollmentSchema,
    refuses: ['enrollment_ended'],
    handle: (call, { enrollment_id: id }) => revokeEnrollment(call, id),
  }),
]

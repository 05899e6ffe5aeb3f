// Rules of the revocation list, and tokens that an administrator revokes.
import { listRevocations, newRevocation, revocationQuery, revokeToken } from '../revocations.ts'
import { revocationSchema } from '../views/revocation.ts'
import { revokedTokenSchema } from '../views/token.ts'
import { endpoint, pageOf } from './endpoint.ts'

export const revocations = [
  endpoint({
    method: 'get',
    path: '/revocations',
    action: 'revocation.list',
    summary: 'List the rules of the revocation list, oldest first',
    description:
      'A bound administrator sees the rules over its workspace, its clients and its runs.',
    query: revocationQuery,
    response: pageOf(revocationSchema),
    handle: (call, { query }) => listRevocations(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/revocations',
    action: 'token.revoke',
    summary: 'Revoke one token',
    description:
      'The token can be one of any client. A client with 1,000 live rules over single tokens gets a new generation instead, which revokes all its tokens.',
    body: newRevocation,
    response: revokedTokenSchema,
    location: ({ client_id: id }) => `/revocations?kind=jti&client_id=${id}`,
    refuses: ['not_found'],
    handle: (call, { body }) => revokeToken(call, body),
  }),
]

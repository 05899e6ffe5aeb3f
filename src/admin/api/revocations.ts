// Rules of the revocation list, and tokens that an administrator revokes.
import { listRevocations, newRevocation, revocationQuery, revokeToken } from '../revocations.ts'
import { revocationSchema } from '../views/revocation.ts'
import { revokedTokenSchema } from '../views/token.ts'
import { type Endpoint, endpoint, pageOf } from './endpoint.ts'

export const revocations: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/revocations',
    action: 'revocation.list',
    summary: 'The rules that are kept, oldest first',
    description:
      'What the revocation list is made of. A bound administrator sees those over its workspace, its clients and its runs.',
    query: revocationQuery,
    response: pageOf(revocationSchema),
    handle: (call, { query }) => listRevocations(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/revocations',
    action: 'token.revoke',
    summary: 'Take one token back, whoever has it',
    description:
      'Past 1,000 live rules over tokens of one client its generation is raised instead, which kills all its tokens.',
    body: newRevocation,
    response: revokedTokenSchema,
    location: ({ client_id: id }) => `/revocations?kind=jti&client_id=${id}`,
    refuses: ['not_found'],
    handle: (call, { body }) => revokeToken(call, body),
  }),
]

// Rules of the revocation list, and tokens that an administrator revokes.
import {
  listRevocations,
  newRevocation,
  revocationQuery,
  revokeToken,
  showRevocation,
} from '../revocations.ts'
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
      'With the names of what they are over, and the changes that wrote them. A bound administrator sees the rules over its workspace, its clients and its runs.',
    query: revocationQuery,
    response: pageOf(revocationSchema),
    handle: (call, { query }) => listRevocations(call, query),
  }),
  endpoint({
    method: 'get',
    path: '/revocations/{seq}',
    action: 'revocation.show',
    summary: 'Show a rule of the revocation list',
    description:
      'A rule that a later one of the same kind and value replaces has the number of the later one.',
    response: revocationSchema,
    handle: (call, { seq }) => showRevocation(call, seq),
  }),
  endpoint({
    method: 'post',
    path: '/revocations',
    action: 'token.revoke',
    summary: 'Revoke one token, by its text or its jti',
    description:
      'The token can be one of any client. With `jti`, the ledger tells its client and its expiry. If the ledger does not have it, the rule has no client, lasts 24 hours, as the longest token does, and `known` is false; only an unbound administrator can write such a rule. A client with 1,000 live rules over single tokens gets a new generation instead, which revokes all its tokens.',
    body: newRevocation,
    response: revokedTokenSchema,
    location: ({ client_id: id }) =>
      id === null ? '/revocations?kind=jti' : `/revocations?kind=jti&client_id=${id}`,
    refuses: ['not_found', 'no_ledger', 'too_many_revocations'],
    handle: (call, { body }) => revokeToken(call, body),
  }),
]

// Tokens of the ledger.
import { listTokens, tokenQuery } from '../tokens.ts'
import { tokenSchema } from '../views/token.ts'
import { type Endpoint, endpoint, pageOf } from './endpoint.ts'

export const tokens: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/tokens',
    action: 'token.list',
    summary: 'The tokens of a client or a run that have not expired',
    description:
      'Those of the ledger: tokens of a run, and all of the clients that it is kept for. Revoked ones are among them.',
    query: tokenQuery,
    response: pageOf(tokenSchema),
    refuses: ['no_ledger'],
    handle: (call, { query }) => listTokens(call, query),
  }),
]

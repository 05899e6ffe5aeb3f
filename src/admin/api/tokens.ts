// Tokens of the ledger.
import { listTokens, tokenQuery } from '../tokens.ts'
import { tokenSchema } from '../views/token.ts'
import { endpoint, pageOf } from './endpoint.ts'

export const tokens = [
  endpoint({
    method: 'get',
    path: '/tokens',
    action: 'token.list',
    summary: 'List the unexpired tokens of a client or a run',
    description:
      'From the ledger: it has the tokens of runs, and all tokens of clients with `ledger`. Revoked tokens are included.',
    query: tokenQuery,
    response: pageOf(tokenSchema),
    refuses: ['no_ledger'],
    handle: (call, { query }) => listTokens(call, query),
  }),
]

// Runs that are closed, and the tokens that are out.
import { listTokens, tokenQuery } from '../ledger.ts'
import { listRuns, revokeRun, runQuery, runRevocation } from '../runs.ts'
import { closedRunShown, runRevoked, tokenShown } from '../token-views.ts'
import { type Endpoint, endpoint, partOf } from './endpoint.ts'

export const runs: readonly Endpoint[] = [
  endpoint({
    ...{ method: 'get', path: '/runs', action: 'run.list' },
    summary: 'The runs that are closed',
    query: runQuery,
    answers: partOf(closedRunShown),
    run: (admin, { query }) => listRuns(admin, query),
  }),
  endpoint({
    ...{ method: 'post', path: '/runs/{identifier}/revoke', action: 'run.revoke' },
    summary: 'Close a run for good: its tokens die, and it gets no more',
    body: runRevocation,
    answers: runRevoked,
    refuses: ['unknown_reference', 'too_many_runs'],
    run: (admin, { identifier, body }) => revokeRun(admin, { identifier, ...body }),
  }),
  endpoint({
    ...{ method: 'get', path: '/tokens', action: 'token.list' },
    summary: 'The tokens of a client or a run that have not expired',
    description:
      'Those of the ledger: tokens of a run, and all of the clients that it is kept for. Revoked ones are among them.',
    query: tokenQuery,
    answers: partOf(tokenShown),
    refuses: ['no_ledger'],
    run: (admin, { query }) => listTokens(admin, query),
  }),
]

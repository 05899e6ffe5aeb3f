// Runs that are closed, and the tokens that are out.
import { listTokens, tokenQuery } from '../ledger.ts'
import { listRuns, revokeRun, runQuery, runRevocation } from '../runs.ts'
import { closedRunShown, runRevoked, tokenShown } from '../token-views.ts'
import { type Endpoint, endpoint, partOf } from './endpoint.ts'

export const runs: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/runs',
    action: 'run.list',
    summary: 'The runs that are closed',
    description:
      'Oldest first. Any other run is one that tokens can be issued for. A bound administrator sees those of its workspace.',
    query: runQuery,
    answers: partOf(closedRunShown),
    handle: (admin, { query }) => listRuns(admin, query),
  }),
  endpoint({
    method: 'post',
    path: '/runs/{identifier}/revoke',
    action: 'run.revoke',
    summary: 'Close a run for good: its tokens die, and it gets no more',
    description:
      "The run need not have had a token. Closing it again changes nothing. `matched` counts its tokens that had not expired, null where no ledger is kept. `workspace_id` may be left out for the caller's workspace, or `default`.",
    body: runRevocation,
    answers: runRevoked,
    refuses: ['unknown_reference', 'too_many_runs'],
    handle: (admin, { identifier, body }) => revokeRun(admin, { identifier, ...body }),
  }),
  endpoint({
    method: 'get',
    path: '/tokens',
    action: 'token.list',
    summary: 'The tokens of a client or a run that have not expired',
    description:
      'Those of the ledger: tokens of a run, and all of the clients that it is kept for. Revoked ones are among them.',
    query: tokenQuery,
    answers: partOf(tokenShown),
    refuses: ['no_ledger'],
    handle: (admin, { query }) => listTokens(admin, query),
  }),
]

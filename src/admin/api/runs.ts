// Closed runs.
import { listRuns, revokeRun, runQuery, runRevocation } from '../runs.ts'
import { closedRunSchema, revokedRunSchema } from '../views/run.ts'

import { type Endpoint, endpoint, pageOf } from './endpoint.ts'

export const runs: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/runs',
    action: 'run.list',
    summary: 'The runs that are closed',
    description:
      'Oldest first. Any other run is one that tokens can be issued for. A bound administrator sees those of its workspace.',
    query: runQuery,
    response: pageOf(closedRunSchema),
    handle: (call, { query }) => listRuns(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/runs/{identifier}/revoke',
    action: 'run.revoke',
    summary: 'Close a run for good: its tokens die, and it gets no more',
    description:
      "The run need not have had a token. Closing it again changes nothing. `matched` counts its tokens that had not expired, null where no ledger is kept. `workspace_id` may be left out for the caller's workspace, or `default`.",
    body: runRevocation,
    response: revokedRunSchema,
    refuses: ['unknown_reference', 'too_many_runs'],
    handle: (call, { identifier, body }) => revokeRun(call, { identifier, ...body }),
  }),
]

// Closed runs.
import { listRuns, revokeRun, runName, runQuery, runRevocation, showRun } from '../runs.ts'
import { closedRunSchema, revokedRunSchema } from '../views/run.ts'

import { endpoint, pageOf } from './endpoint.ts'

export const runs = [
  endpoint({
    method: 'get',
    path: '/runs',
    action: 'run.list',
    summary: 'List closed runs',
    description:
      'Oldest first. Tokens can be issued for any other run. A bound administrator sees the closed runs of its workspace.',
    query: runQuery,
    response: pageOf(closedRunSchema),
    handle: (call, { query }) => listRuns(call, query),
  }),
  endpoint({
    method: 'get',
    path: '/runs/{identifier}',
    action: 'run.show',
    summary: 'Show a closed run',
    description:
      'A run that is not closed has no row. `workspace_id` is by default the workspace of the caller, or `default`. Without it, an unbound administrator also finds a run of the clients outside every workspace.',
    query: runName,
    response: closedRunSchema,
    handle: (call, { identifier, query }) => showRun(call, identifier, query),
  }),
  endpoint({
    method: 'post',
    path: '/runs/{identifier}/revoke',
    action: 'run.revoke',
    summary: 'Close a run for good: revoke its tokens and issue no more',
    description:
      'A run without a token can be closed, too. Closing it again changes nothing. `matched` counts its unexpired tokens; null on a server without a ledger. `workspace_id` is by default the workspace of the caller, or `default`.',
    body: runRevocation,
    response: revokedRunSchema,
    refuses: ['unknown_reference', 'too_many_runs'],
    handle: (call, { identifier, body }) => revokeRun(call, { identifier, ...body }),
  }),
]

// Tokens of the ledger, and the inspection of any token.
import { inspectToken, tokenInspection } from '../inspection.ts'
import { listTokens, showToken, tokenQuery } from '../tokens.ts'
import { inspectedTokenSchema } from '../views/inspected-token.ts'
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
  endpoint({
    method: 'post',
    path: '/tokens/inspect',
    action: 'token.inspect',
    summary: 'Decode a token, and tell why it is not active',
    description:
      'With the rule that revokes it, and the change that wrote the rule. Changes nothing: the permission to read suffices. A bound administrator inspects the tokens of its workspace.',
    isRead: true,
    body: tokenInspection,
    response: inspectedTokenSchema,
    refuses: ['not_found'],
    handle: (call, { body }) => inspectToken(call, body),
  }),
  endpoint({
    method: 'get',
    path: '/tokens/{jti}',
    action: 'token.show',
    summary: 'Show an unexpired token of the ledger',
    description:
      'From the ledger: it has the tokens of runs, and all tokens of clients with `ledger`. A revoked token is found, too.',
    response: tokenSchema,
    refuses: ['no_ledger'],
    handle: (call, { jti }) => showToken(call, jti),
  }),
]

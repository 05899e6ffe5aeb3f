import { z } from 'zod'
import { MAX_CREDENTIAL_CHARS, MAX_TOKEN_BYTES } from '../constants.ts'
import { OperationRefused } from '../errors.ts'
import { comparedText } from '../text/human-text.ts'
import { readRevocableToken } from '../oauth/access-token.ts'
import { listVisible } from './authority.ts'
import { chosenId } from './fields.ts'
import { type AdminCall, auditedChange, now, parse, parseQuery } from './operation.ts'
import { pageBySeq, pageFields } from './pages.ts'
import { checkIssuer } from './tokens.ts'
import { revocationView } from './views/revocation.ts'

export const revocationQuery = z.strictObject({
  ...pageFields,
  kind: z
    .enum(['jti', 'run', 'client', 'plugin', 'workspace', 'key'], {
      error: 'must be jti, run, client, plugin, workspace or key',
    })
    .optional(),
  client_id: comparedText(MAX_CREDENTIAL_CHARS).optional(),
  workspace_id: chosenId
    .optional()
    .meta({ description: 'Rules over this workspace, its clients and its runs.' }),
})
export const newRevocation = z
  .strictObject({
    token: z
      .string()
      .max(MAX_TOKEN_BYTES, { error: `must have at most ${MAX_TOKEN_BYTES} characters` })
      .meta({ description: 'An access token of this server.' }),
  })
  .meta({ id: 'NewRevocation' })

/** Lists the rules of the revocation list, oldest first. A bound administrator sees those over its workspace. */
export const listRevocations = async (
  { deps, authority }: AdminCall,
  query: z.input<typeof revocationQuery> = {},
) => {
  const {
    kind,
    client_id: clientId,
    workspace_id: chosenWorkspace,
    ...page
  } = parseQuery(revocationQuery, query)
  return await pageBySeq(
    { ...page, list: 'revocations' },
    (part) =>
      listVisible(authority, chosenWorkspace, (workspaceId) =>
        deps.store.listRevocations({ kind, clientId, workspaceId }, part),
      ),
    revocationView,
  )
}

/** Revokes one token of any client. A bound administrator finds tokens of its own workspace only. */
export const revokeToken = (call: AdminCall, input: z.input<typeof newRevocation>) =>
  auditedChange(call, 'token.revoke', null, async (setTarget) => {
    const { token } = parse(newRevocation, input)
    const { workspaceId } = call.authority
    await checkIssuer(token, call.deps)
    const claims = (await readRevocableToken(token, call.deps))?.claims
    if (claims === undefined || (workspaceId ?? claims.workspace_id) !== claims.workspace_id) {
      throw new OperationRefused(
        'not_found',
        'the token is not one of this server, or it has expired',
      )
    }
    const { jti, client_id: clientId, client_gen: clientGen, exp } = claims
    setTarget(jti)
    await call.deps.store.revokeToken({ jti, clientId, clientGen, exp }, now(call))
    call.deps.metrics?.tokenRevoked()
    return { jti, client_id: clientId, revoked: true as const }
  })

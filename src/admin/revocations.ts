import { z } from 'zod'
import { MAX_CREDENTIAL_CHARS, MAX_TOKEN_BYTES } from '../constants.ts'
import { OperationRefused } from '../errors.ts'
import { comparedText } from '../text/human-text.ts'
import { readRevocableToken } from '../oauth/access-token.ts'
import { seenIn } from './authority.ts'
import { chosenId } from './fields.ts'
import { type AdminCall, auditedChange, now, parse, parseQuery } from './operation.ts'
import { pageBySeq, pageFields } from './pages.ts'
import { checkIssuer } from './tokens.ts'
import { revocationView } from './token-views.ts'

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

/** The rules that are kept, oldest first; of a bound administrator those over its workspace. */
export const listRevocations = async (
  { deps, authority }: AdminCall,
  query: z.input<typeof revocationQuery> = {},
) => {
  const {
    kind,
    client_id: clientId,
    workspace_id: wanted,
    ...page
  } = parseQuery(revocationQuery, query)
  return await pageBySeq(
    { ...page, list: 'revocations' },
    (part) =>
      seenIn(authority, wanted, (workspaceId) =>
        deps.store.listRevocations({ kind, clientId, workspaceId }, part),
      ),
    revocationView,
  )
}

/** Takes one token back, whoever's it is; of another workspace is as good as none of ours. */
export const revokeToken = (admin: AdminCall, input: z.input<typeof newRevocation>) =>
  auditedChange(admin, 'token.revoke', null, async (named) => {
    const { token } = parse(newRevocation, input)
    const { workspaceId } = admin.authority
    await checkIssuer(token, admin.deps)
    const claims = (await readRevocableToken(token, admin.deps))?.claims
    if (claims === undefined || (workspaceId ?? claims.workspace_id) !== claims.workspace_id) {
      throw new OperationRefused('not_found', 'this is no token of this server, or it has expired')
    }
    const { jti, client_id: clientId, client_gen: clientGen, exp } = claims
    named(jti)
    await admin.deps.store.revokeToken({ jti, clientId, clientGen, exp }, now(admin))
    admin.deps.metrics?.tokenRevoked()
    return { jti, client_id: clientId, revoked: true as const }
  })

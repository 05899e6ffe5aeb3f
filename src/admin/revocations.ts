import { z } from 'zod'
import { MAX_CREDENTIAL_CHARS } from '../constants.ts'
import { OperationRefused, reasonOf } from '../errors.ts'
import type { Cause } from '../store/store.ts'
import { comparedText } from '../text/human-text.ts'
import { readRevocableToken } from '../oauth/access-token.ts'
import { listVisible } from './authority.ts'
import { chosenId, presentedToken, tokenId } from './fields.ts'
import { type AdminCall, auditedChange, now, parse, parseQuery } from './operation.ts'
import { pageBySeq, pageFields, sequenceNumber } from './pages.ts'
import { fieldsRefused, orNotFound } from './refusals.ts'
import { checkIssuer, findIssued } from './tokens.ts'
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
  .strictObject({ token: presentedToken.optional(), jti: tokenId.optional() })
  .meta({ id: 'NewRevocation', description: 'Either a token or its `jti`.' })

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

export const showRevocation = async ({ deps, authority }: AdminCall, sent: string) => {
  const seq = sequenceNumber(sent)
  const workspaceId = authority.workspaceId ?? undefined
  const rule = seq === null ? null : await deps.store.findRule(seq, { workspaceId })
  return revocationView(orNotFound(rule, 'rule with the number', sent))
}

/**
 * Revokes one token of any client, by its text or by its `jti` alone. A bound administrator finds tokens of its own
 * workspace only.
 */
export const revokeToken = (call: AdminCall, input: z.input<typeof newRevocation>) =>
  auditedChange(call, 'token.revoke', null, async (setTarget, cause) => {
    const { token, jti } = parse(newRevocation, input)
    if (token !== undefined && jti === undefined) {
      return await revokePresented(call, token, { setTarget, cause })
    }
    if (jti !== undefined && token === undefined) {
      setTarget(jti)
      return await revokeById(call, jti, cause)
    }
    const detail = 'must be sent, or jti in its place, and not both'
    throw fieldsRefused('invalid_value', [{ field: 'token', detail }])
  })

const revokePresented = async (
  call: AdminCall,
  token: string,
  { setTarget, cause }: { setTarget: (target: string) => void; cause: Cause },
) => {
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
  await call.deps.store.revokeToken({ jti, clientId, clientGen, exp }, now(call), cause)
  return revoked(call, { jti, clientId, known: true })
}

/**
 * Revokes the token with this id. The ledger tells its client and its expiry. For a token that the ledger does not
 * have, a rule without a client lasts as long as the longest token. A bound administrator writes no such rule: the token
 * could belong to another workspace.
 */
const revokeById = async (call: AdminCall, jti: string, cause: Cause) => {
  const { deps, authority } = call
  const issued =
    authority.workspaceId === null ? await findIfLedger(call, jti) : await findIssued(call, jti)
  if (issued !== null) {
    const { clientId, expiresAt: exp } = issued
    await deps.store.revokeToken({ jti, clientId, clientGen: null, exp }, now(call), cause)
    return revoked(call, { jti, clientId, known: true })
  }
  if (authority.workspaceId !== null) {
    const detail = 'the ledger has no unexpired token of the workspace with this jti'
    throw new OperationRefused('not_found', detail)
  }
  await deps.store.revokeUnknownToken(jti, now(call), cause)
  return revoked(call, { jti, clientId: null, known: false })
}

/** Finds a token in the ledger. A server without one, or whose ledger cannot be read, knows no token. */
const findIfLedger = async (call: AdminCall, jti: string) => {
  if (call.deps.ledger === null) return null
  try {
    return await findIssued(call, jti)
  } catch (error) {
    call.deps.log.warn({ reason: reasonOf(error) }, 'the ledger could not be read')
    return null
  }
}

const revoked = (
  { deps }: AdminCall,
  { jti, clientId, known }: { jti: string; clientId: string | null; known: boolean },
) => {
  deps.metrics?.tokenRevoked()
  return { jti, client_id: clientId, known, revoked: true as const }
}

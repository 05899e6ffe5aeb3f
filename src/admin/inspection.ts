// Inspection of a token: what it says, and why it is not active.
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { z } from 'zod'
import { OperationRefused } from '../errors.ts'
import { type ExaminedToken, examineToken } from '../oauth/access-token.ts'
import { INACTIVE_REASONS } from '../oauth/reasons.ts'
import { revocationLookup } from '../revocation/source.ts'
import type { Revocation, RevocationKind } from '../store/store.ts'
import type { Authority } from './authority.ts'
import { presentedToken } from './fields.ts'
import { type AdminCall, now, parse } from './operation.ts'
import { checkIssuer } from './tokens.ts'
import { type InspectionReason, inspectedTokenView } from './views/inspected-token.ts'

export const tokenInspection = z
  .strictObject({ token: presentedToken })
  .meta({ id: 'TokenInspection' })

/**
 * Decodes a token and tells whether it is active, or why not: with the rule that revokes it, and the cause of the rule.
 * A bound administrator inspects the tokens of its workspace.
 * @throws OperationRefused `invalid_value` for a text that is no token
 */
export const inspectToken = async (call: AdminCall, input: z.input<typeof tokenInspection>) => {
  const { deps, authority } = call
  const { token } = parse(tokenInspection, input)
  await checkIssuer(token, deps)
  const examined = await examineToken(token, deps)
  const { reason, read } = examined
  if (reason === 'token_malformed') {
    throw new OperationRefused('invalid_value', INACTIVE_REASONS[reason])
  }
  if (authority.workspaceId !== null && authority.workspaceId !== read?.claims.workspace_id) {
    throw new OperationRefused('not_found', 'the token is not one of the workspace')
  }
  const explained =
    reason === 'token_untrusted'
      ? await explainUntrusted(token, call)
      : await explain(examined, call)
  return inspectedTokenView({ ...explained, claims: read?.claims ?? null })
}

type Explained = {
  reason: InspectionReason | null
  rule: { kind: RevocationKind; rule: Revocation | null } | null
}

const explain = async (
  { reason, read }: ExaminedToken,
  { deps, authority }: AdminCall,
): Promise<Explained> => {
  if (reason !== 'token_revoked' || read === null) return { reason, rule: null }
  const found = await deps.store.explainRevocation(revocationLookup(read.kid, read.claims))
  return { reason, rule: found && { ...found, rule: visibleRule(authority, found.rule) } }
}

/** Hides the cause of a rule that the list of a bound administrator does not have. */
const visibleRule = ({ workspaceId }: Authority, rule: Revocation | null): Revocation | null =>
  workspaceId === null || rule?.workspaceId === workspaceId ? rule : null

/** Tells why no published key has signed a token. Its header is not proven: anyone can write any kid there. */
const explainUntrusted = async (token: string, { deps }: AdminCall): Promise<Explained> => {
  const kid = kidOf(token)
  if (kid === null) return { reason: 'key_unknown', rule: null }
  const revoked = await deps.store.listRevocations({ kind: 'key' })
  const rule = revoked.find(({ value }) => value === kid)
  if (rule !== undefined) return { reason: 'key_revoked', rule: { kind: 'key', rule } }
  const published = await deps.store.findPublishedKey(kid, now({ deps }))
  return { reason: published === null ? 'key_unknown' : 'signature_invalid', rule: null }
}

const kidOf = (token: string): string | null => {
  try {
    return decodeProtectedHeader(token).kid ?? null
  } catch {
    return null
  }
}

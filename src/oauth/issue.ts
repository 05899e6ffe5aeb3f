// Issues an access token (RFC 9068) from the grants of a client and its request. Stores nothing in
// the database.
import { CHOSEN_ID, MAX_TOKEN_BYTES } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { TOOL_RUN, targetOf } from '../grants/details.ts'
import { OAuthError, refusedValue } from '../errors.ts'
import { namedRunValue } from '../grants/taking-away.ts'
import { newJti } from '../secret.ts'
import type { AuthorizationDetail, GrantedClient } from '../store/store.ts'
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims } from './access-token.ts'
import { type Narrowed, type TokenRequest, detailsRefused, narrow } from '../grants/narrowing.ts'

type IssueDeps = Pick<
  Deps,
  | 'store'
  | 'signer'
  | 'ledger'
  | 'clock'
  | 'random'
  | 'issuer'
  | 'tokenTtlSeconds'
  | 'log'
  | 'metrics'
>

/** The answer of the token endpoint (RFC 6749 §5.1). `expires_in` is in seconds. */
export type TokenResponse = {
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  scope: string
  /** Absent if the client requested none (RFC 9396 §7). */
  authorization_details?: AuthorizationDetail[]
}

/** @throws OAuthError for a request beyond the grant, or an ambiguous one */
export const issueToken = async (
  client: GrantedClient,
  request: TokenRequest,
  deps: IssueDeps,
  logged: Record<string, unknown>,
): Promise<TokenResponse> => {
  const narrowed = narrow(request, client)
  // Check the length first: no resource server would accept the token, so nothing is looked up or
  // signed for it.
  if (narrowed.scope.join(' ').length > MAX_TOKEN_BYTES) throw new OAuthError('token_too_long')
  await checkTargets(narrowed.details, client, deps)
  const runs = await checkRuns(narrowed.details, client, deps)
  const ttl = lifetime(client.tokenTtl, narrowed.audience.tokenTtl, deps.tokenTtlSeconds)
  const iat = nowSeconds(deps)
  const claims = {
    iss: deps.issuer,
    ...clientClaims(client),
    ...narrowedClaims(narrowed),
    // Rules over workspaces and runs are hashes of this reference.
    ...((client.workspace || runs.length > 0) && { workspace_ref: client.workspaceRef }),
    iat,
    exp: iat + ttl,
    jti: newJti(deps.random),
  }
  const { algorithm } = narrowed.audience
  const { token, kid } = await deps.signer.sign(claims, { algorithm, typ: ACCESS_TOKEN_TYPE })
  // Introspection and revocation refuse longer tokens, so it could not be revoked.
  const { client_id: clientId, aud: audience, scope, jti, authorization_details } = claims
  if (token.length > MAX_TOKEN_BYTES) {
    throw new OAuthError(authorization_details ? 'details_too_long' : 'token_too_long')
  }
  deps.log.info(
    { ...logged, clientId, audience, scope, plugin: narrowed.plugin?.id, jti, kid },
    'token issued',
  )
  deps.metrics?.tokenIssued(audience)
  if (runs.length > 0 || client.ledger) {
    const { id: clientId, workspace } = client
    const entry = { jti, clientId, workspaceId: workspace?.id ?? null, audience, runs }
    deps.ledger?.note({ ...entry, issuedAt: claims.iat, expiresAt: claims.exp })
  }
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in: ttl,
    scope,
    ...(authorization_details && { authorization_details }),
  }
}

/**
 * The shorter of the lifetimes that are set: neither the audience nor the client can exceed the
 * other's.
 */
const lifetime = (client: number | null, audience: number | null, fallback: number): number =>
  client === null && audience === null
    ? fallback
    : Math.min(client ?? Infinity, audience ?? Infinity)

type SubjectClaims = Pick<
  AccessTokenClaims,
  'sub' | 'client_id' | 'client_gen' | 'workspace_id' | 'workspace_gen'
>

const clientClaims = ({ id, generation, workspace }: GrantedClient): SubjectClaims => ({
  sub: id,
  client_id: id,
  client_gen: generation,
  ...(workspace && { workspace_id: workspace.id, workspace_gen: workspace.generation }),
})

/**
 * Checks that each resource and part exists in the client's workspace. A grant with `"*"` allows
 * any name; the names that grants contain are removed together with the resource.
 */
const checkTargets = async (
  details: readonly AuthorizationDetail[],
  { workspace }: GrantedClient,
  { store }: Pick<Deps, 'store'>,
): Promise<void> => {
  for (const entry of details) {
    if (entry.type === TOOL_RUN) continue
    const { type, identifier, parts } = targetOf(entry)
    const resource = identifier === null ? null : await store.findResource(type, identifier)
    const exists = resource !== null && resource.workspaceId === workspace?.id
    if (identifier !== null && !exists) throw detailsRefused('details_not_granted', entry)
    const registered = new Set(exists ? resource.parts : [])
    const missing = (parts ?? []).filter((part) => !registered.has(part))
    if (missing.length > 0) {
      throw detailsRefused('details_not_granted', entry, { name: 'parts', values: missing })
    }
  }
}

/**
 * Checks that no run of the token is closed. A run that is closed after this read has its rule
 * before the token is signed: the rule revokes every token of the run, this one included.
 * @returns the identifiers of the runs
 */
const checkRuns = async (
  details: readonly AuthorizationDetail[],
  { workspace }: GrantedClient,
  { store }: Pick<Deps, 'store'>,
): Promise<string[]> => {
  const named = details.filter(({ type }) => type === TOOL_RUN)
  if (named.length === 0) return []
  const runs = [...new Set(named.map((entry) => String(entry['identifier'])))]
  // No request could close a run with a malformed id.
  const malformed = runs.filter((id) => !CHOSEN_ID.test(id))
  if (malformed.length > 0) throw refusedValue('run_malformed', malformed)
  const values = runs.map((id) => namedRunValue(workspace?.id ?? null, id))
  if (await store.isRunClosed(values)) throw refusedValue('run_closed', runs)
  return runs
}

const narrowedClaims = ({ audience, scope, plugin, details }: Narrowed) => ({
  aud: audience.id,
  scope: scope.join(' '),
  ...(details.length > 0 && { authorization_details: details }),
  ...(plugin && {
    plugin_id: plugin.id,
    plugin_gen: plugin.generation,
    plugin_trust: plugin.trust,
    plugin_capabilities: plugin.capabilities,
    ...(plugin.snapshot !== null && { plugin_snapshot: plugin.snapshot }),
  }),
})

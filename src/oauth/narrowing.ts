// From what a client is granted to what one token carries: a request can only narrow. Pure: no I/O.
import { OAuthError } from '../errors.ts'
import { narrowDetails } from '../grants/held-details.ts'
import { grantedNames, implicationsOf } from '../grants/permissions.ts'
import type { AuthorizationDetail, TokenSubject } from '../store/store.ts'

export type TokenRequest = {
  audience?: string | undefined
  resource?: string | undefined
  scope?: string | undefined
  pluginId?: string | undefined
  details?: readonly AuthorizationDetail[] | undefined
}

type SubjectGrant = TokenSubject['grants'][number]
type SubjectPlugin = TokenSubject['plugins'][number]

export type Narrowed = {
  audience: SubjectGrant['audience']
  scope: string[]
  plugin: SubjectPlugin | null
  details: AuthorizationDetail[]
}

/** @throws OAuthError for whatever the client is not granted, or did not say clearly enough */
export const narrow = (
  request: TokenRequest,
  subject: Pick<TokenSubject, 'grants' | 'plugins' | 'details'>,
): Narrowed => {
  const grant = selectGrant(request, subject.grants)
  const scope = selectScope(request.scope, grant)
  const plugin = selectPlugin(request.pluginId, subject.plugins, grant.audience.requiresPlugin)
  const narrowed = narrowDetails(subject.details, request.details ?? [])
  if ('refused' in narrowed) throw new OAuthError(narrowed.refused)
  return { audience: grant.audience, scope, plugin, details: narrowed.details }
}

/** RFC 8707 §2 for `resource`; `audience` is the same for ids that are no URIs. */
const selectGrant = (
  { audience, resource }: TokenRequest,
  grants: readonly SubjectGrant[],
): SubjectGrant => {
  if (resource !== undefined && !isAbsoluteUri(resource)) throw new OAuthError('target_malformed')
  if (audience !== undefined && resource !== undefined && audience !== resource) {
    throw new OAuthError('target_mismatch')
  }
  const target = audience ?? resource
  if (target === undefined) {
    const [only, another] = grants
    if (only === undefined || another !== undefined) throw new OAuthError('target_ambiguous')
    return only
  }
  const grant = grants.find((candidate) => candidate.audience.id === target)
  if (grant === undefined) throw new OAuthError('target_not_granted')
  return grant
}

const isAbsoluteUri = (text: string): boolean =>
  /^[a-z][a-z0-9+.-]*:/i.test(text) && !text.includes('#') && URL.canParse(text)

/** RFC 6749 §3.3: refused as a whole or granted as a whole, never shortened. */
const selectScope = (scope: string | undefined, grant: SubjectGrant): string[] => {
  const granted = grantedNames(grant)
  if (scope === undefined) return [...granted]
  const asked = parseScope(scope)
  if (!asked.every((name) => granted.has(name))) throw new OAuthError('scope_not_granted')
  return [...implicationsOf(grant.audience.permissions).expand(asked)]
}

/**
 * `scope-token *( SP scope-token )` (RFC 6749 §3.3), in the order given, repetitions dropped.
 * @throws OAuthError `scope_malformed`
 */
export const parseScope = (scope: string): string[] => {
  const names = scope.split(' ')
  if (!names.every(isScopeToken)) throw new OAuthError('scope_malformed')
  return [...new Set(names)]
}

/** RFC 6749 §3.3: `1*( %x21 / %x23-5B / %x5D-7E )`. */
export const isScopeToken = (text: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)

const selectPlugin = (
  pluginId: string | undefined,
  plugins: readonly SubjectPlugin[],
  required: boolean,
): SubjectPlugin | null => {
  if (pluginId !== undefined) {
    const plugin = plugins.find(({ id }) => id === pluginId)
    if (plugin === undefined) throw new OAuthError('plugin_not_allowed')
    return plugin
  }
  const [only, another] = plugins
  if (only !== undefined && another === undefined) return only
  if (required) throw new OAuthError('plugin_required')
  return null
}

// Narrows the grants of a client to the content of one token. A request cannot widen them. Pure: no I/O.
import { formError, memberMeant } from './details.ts'
import { OAuthError, type OAuthErrorCode, refusedValue } from '../errors.ts'
import { sentText } from '../text/field-sentences.ts'
import { type Narrowing, type RefusedMember, narrowDetails, refusedMember } from './held-details.ts'
import { grantedNames, implicationsOf, scopeValues } from './permissions.ts'
import { describedValues, inputText } from '../text/redaction.ts'
import type { AuthorizationDetail, GrantedClient } from '../store/store.ts'

export type TokenRequest = {
  audience?: string | undefined
  resource?: string | undefined
  scope?: string | undefined
  pluginId?: string | undefined
  details?: readonly AuthorizationDetail[] | undefined
}

type ClientGrant = GrantedClient['grants'][number]
type ClientPlugin = GrantedClient['plugins'][number]

export type Narrowed = {
  audience: ClientGrant['audience']
  scope: string[]
  plugin: ClientPlugin | null
  details: AuthorizationDetail[]
}

/** @throws OAuthError for a request beyond the grants, and for an ambiguous one */
export const narrow = (
  request: TokenRequest,
  client: Pick<GrantedClient, 'grants' | 'plugins' | 'details'>,
): Narrowed => {
  const grant = selectGrant(request, client.grants)
  const scope = selectScope(request.scope, grant)
  const plugin = selectPlugin(request.pluginId, client.plugins, grant.audience)
  const narrowed = narrowDetails(client.details, request.details ?? [])
  if ('refused' in narrowed) throw narrowingRefused(narrowed, client.details)
  return { audience: grant.audience, scope, plugin, details: narrowed.details }
}

/** The audience of a request, for the log line of a refusal; undefined: the request selects none. */
export const audienceMeant = (
  request: TokenRequest,
  { grants }: Pick<GrantedClient, 'grants'>,
): string | undefined => {
  try {
    return selectGrant(request, grants).audience.id
  } catch {
    return undefined
  }
}

/** @throws OAuthError `details_malformed` with the path of the first bad value and its required form */
export const checkDetails = (details: unknown): AuthorizationDetail[] => {
  const error = formError(details)
  if (error === null) return details as AuthorizationDetail[]
  const field = ['authorization_details', ...(error.path === '' ? [] : [error.path])].join('.')
  const sent = inputText(error.sent)
  const not = sent === undefined ? '' : `, not ${describedValues([sent]) || 'empty'}`
  const must = error.must.replaceAll('"', '')
  throw new OAuthError('details_malformed', { description: `${field} must ${must}${not}.` })
}

/** Names an entry by its type and identifier. */
const entryNamed = ({ type, identifier }: AuthorizationDetail): string =>
  typeof identifier === 'string' ? `${type}=${identifier}` : type

/** Names the refused entry, and behind it the refused values of a member. */
export const detailsRefused = (
  code: OAuthErrorCode,
  entry: AuthorizationDetail,
  refused: RefusedMember | null = null,
): OAuthError => {
  // An entry of an unknown type has nothing else that could be granted.
  if (refused?.name === 'type') return refusedValue(code, [entry.type])
  if (refused === null || refused.name === 'identifier') {
    return refusedValue(code, [entryNamed(entry)])
  }
  const { name, values } = refused
  const texts = values.map((value) => sentText([name], value))
  const named = texts.map((text) => (text === undefined ? name : `${name}=${text}`))
  return refusedValue(code, [entryNamed(entry), ...(named.length === 0 ? [name] : named)])
}

/** Names the refused member as well, and its right spelling where it is misspelled. */
const narrowingRefused = (
  { refused: code, entry }: Extract<Narrowing, { refused: unknown }>,
  granted: readonly AuthorizationDetail[],
): OAuthError => {
  const refused = code === 'details_not_granted' ? refusedMember(granted, entry) : null
  const meant = refused === null ? null : memberMeant(entry.type, refused.name)
  if (refused === null || meant === null) return detailsRefused(code, entry, refused)
  const [shownEntry, shownName] = [entryNamed(entry), refused.name].map((text) =>
    describedValues([text]),
  )
  const description = `The member ${shownName} of ${shownEntry} is not known; send ${meant}.`
  return new OAuthError(code, { description })
}

/** Selects by `resource` (RFC 8707 §2), or by `audience`, which does the same for ids that are no URIs. */
const selectGrant = (
  { audience, resource, scope }: TokenRequest,
  grants: readonly ClientGrant[],
): ClientGrant => {
  if (resource !== undefined && !isAbsoluteUri(resource)) {
    throw refusedValue('target_malformed', [resource])
  }
  if (audience !== undefined && resource !== undefined && audience !== resource) {
    throw refusedValue('target_mismatch', [audience, resource])
  }
  const target = audience ?? resource
  if (target === undefined) return grantOfScope(scope, grants)
  const grant = grants.find((candidate) => candidate.audience.id === target)
  if (grant === undefined) throw refusedValue('target_not_granted', [target])
  return grant
}

/**
 * Selects without a target: the only grant, or the only grant that has every value of the scope, implied ones included.
 * A scope that several grants have, or that is spread over several, selects no audience.
 * @throws OAuthError `scope_not_granted` with the values that no grant has, `target_ambiguous`
 */
const grantOfScope = (scope: string | undefined, grants: readonly ClientGrant[]): ClientGrant => {
  const [only, another] = grants
  if (only !== undefined && another === undefined) return only
  if (only === undefined || scope === undefined) throw new OAuthError('target_ambiguous')
  const requested = parseScope(scope)
  const granted = grants.map((grant) => ({ grant, names: grantedNames(grant) }))
  const missing = requested.filter((name) => !granted.some(({ names }) => names.has(name)))
  if (missing.length > 0) {
    const description = `The scope has a value that the client is not granted for any audience: ${describedValues(missing)}.`
    throw new OAuthError('scope_not_granted', { description })
  }
  const [meant, other] = granted
    .filter(({ names }) => requested.every((name) => names.has(name)))
    .map(({ grant }) => grant)
  if (meant === undefined || other !== undefined) {
    const description = `The scope belongs to ${other ? 'several audiences' : 'no single audience'} of the client: say which with audience or resource: ${describedValues(requested)}.`
    throw new OAuthError('target_ambiguous', { description })
  }
  return meant
}

const isAbsoluteUri = (text: string): boolean =>
  /^[a-z][a-z0-9+.-]*:/i.test(text) && !text.includes('#') && URL.canParse(text)

/** Grants a scope as a whole or refuses it as a whole (RFC 6749 §3.3 would allow a part). */
const selectScope = (scope: string | undefined, grant: ClientGrant): string[] => {
  const granted = grantedNames(grant)
  if (scope === undefined) return [...granted]
  const requested = parseScope(scope)
  const missing = requested.filter((name) => !granted.has(name))
  if (missing.length > 0) throw refusedValue('scope_not_granted', missing)
  return [...implicationsOf(grant.audience.permissions).expand(requested)]
}

/**
 * Parses `scope-token *( SP scope-token )` (RFC 6749 §3.3). Keeps the order and drops repetitions.
 * @throws OAuthError `scope_malformed`
 */
export const parseScope = (scope: string): string[] => {
  const names = scopeValues(scope)
  if (names === null) throw refusedValue('scope_malformed', [scope])
  return names
}

const selectPlugin = (
  pluginId: string | undefined,
  plugins: readonly ClientPlugin[],
  audience: Pick<ClientGrant['audience'], 'id' | 'requiresPlugin'>,
): ClientPlugin | null => {
  if (pluginId !== undefined) {
    const plugin = plugins.find(({ id }) => id === pluginId)
    if (plugin === undefined) throw refusedValue('plugin_not_allowed', [pluginId])
    return activePlugin(plugin)
  }
  const [only, another] = plugins
  if (only !== undefined && another === undefined) return activePlugin(only)
  if (audience.requiresPlugin) throw refusedValue('plugin_required', [audience.id])
  return null
}

/**
 * Refuses a plugin that an administrator has disabled or deleted. A client whose only plugin it is gets no token: one
 * without the plugin would not have its limits.
 */
const activePlugin = (plugin: ClientPlugin): ClientPlugin => {
  if (plugin.status !== 'active') throw refusedValue('plugin_disabled', [plugin.id])
  return plugin
}

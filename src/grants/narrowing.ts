// From what a client is granted to what one token carries: a request can only narrow. Pure: no I/O.
import { formError, memberMeant } from './details.ts'
import { OAuthError, type OAuthErrorCode, refusedValue } from '../errors.ts'
import { sentText } from '../text/expected.ts'
import { type Narrowing, type RefusedMember, narrowDetails, refusedMember } from './held-details.ts'
import { grantedNames, implicationsOf, scopeValues } from './permissions.ts'
import { describedValues, inputText } from '../text/shown.ts'
import type { AuthorizationDetail, GrantedClient } from '../store/store.ts'

export type TokenRequest = {
  audience?: string | undefined
  resource?: string | undefined
  scope?: string | undefined
  pluginId?: string | undefined
  details?: readonly AuthorizationDetail[] | undefined
}

type SubjectGrant = GrantedClient['grants'][number]
type SubjectPlugin = GrantedClient['plugins'][number]

export type Narrowed = {
  audience: SubjectGrant['audience']
  scope: string[]
  plugin: SubjectPlugin | null
  details: AuthorizationDetail[]
}

/** @throws OAuthError for whatever the client is not granted, or did not say clearly enough */
export const narrow = (
  request: TokenRequest,
  subject: Pick<GrantedClient, 'grants' | 'plugins' | 'details'>,
): Narrowed => {
  const grant = selectGrant(request, subject.grants)
  const scope = selectScope(request.scope, grant)
  const plugin = selectPlugin(request.pluginId, subject.plugins, grant.audience)
  const narrowed = narrowDetails(subject.details, request.details ?? [])
  if ('refused' in narrowed) throw narrowingRefused(narrowed, subject.details)
  return { audience: grant.audience, scope, plugin, details: narrowed.details }
}

/** The audience that a request means, as far as it means one: for the log line of a refusal. */
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

/** @throws OAuthError `details_malformed` with the path of the first bad value and what it must be */
export const checkDetails = (details: unknown): AuthorizationDetail[] => {
  const error = formError(details)
  if (error === null) return details as AuthorizationDetail[]
  const field = ['authorization_details', ...(error.path === '' ? [] : [error.path])].join('.')
  const sent = inputText(error.sent)
  const not = sent === undefined ? '' : `, not ${describedValues([sent]) || 'empty'}`
  const must = error.must.replaceAll('"', '')
  throw new OAuthError('details_malformed', { description: `${field} must ${must}${not}.` })
}

/** An entry by its type and identifier. */
const entryNamed = ({ type, identifier }: AuthorizationDetail): string =>
  typeof identifier === 'string' ? `${type}=${identifier}` : type

/** Names the entry that is refused, and behind it the values of a member. */
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

/** Names the member of the refused entry, too; one in another spelling than the known one with that. */
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

/** RFC 8707 §2 for `resource`; `audience` is the same for ids that are no URIs. */
const selectGrant = (
  { audience, resource, scope }: TokenRequest,
  grants: readonly SubjectGrant[],
): SubjectGrant => {
  if (resource !== undefined && !isAbsoluteUri(resource)) {
    throw refusedValue('target_malformed', [resource])
  }
  if (audience !== undefined && resource !== undefined && audience !== resource) {
    throw refusedValue('target_mismatch', [audience, resource])
  }
  const target = audience ?? resource
  if (target === undefined) return meantGrant(scope, grants)
  const grant = grants.find((candidate) => candidate.audience.id === target)
  if (grant === undefined) throw refusedValue('target_not_granted', [target])
  return grant
}

/**
 * The only grant, or the only one that has every value of the scope, implied ones included. A scope that several grants
 * have, or that is spread over several, names no audience.
 * @throws OAuthError `scope_not_granted` with the values that no grant has, `target_ambiguous`
 */
const meantGrant = (scope: string | undefined, grants: readonly SubjectGrant[]): SubjectGrant => {
  const [only, another] = grants
  if (only !== undefined && another === undefined) return only
  if (only === undefined || scope === undefined) throw new OAuthError('target_ambiguous')
  const asked = parseScope(scope)
  const granted = grants.map((grant) => ({ grant, names: grantedNames(grant) }))
  const missing = asked.filter((name) => !granted.some(({ names }) => names.has(name)))
  if (missing.length > 0) {
    const description = `The scope has a value that the client is not granted for any audience: ${describedValues(missing)}.`
    throw new OAuthError('scope_not_granted', { description })
  }
  const [meant, other] = granted
    .filter(({ names }) => asked.every((name) => names.has(name)))
    .map(({ grant }) => grant)
  if (meant === undefined || other !== undefined) {
    const description = `The scope belongs to ${other ? 'several audiences' : 'no single audience'} of the client: say which with audience or resource: ${describedValues(asked)}.`
    throw new OAuthError('target_ambiguous', { description })
  }
  return meant
}

const isAbsoluteUri = (text: string): boolean =>
  /^[a-z][a-z0-9+.-]*:/i.test(text) && !text.includes('#') && URL.canParse(text)

/** RFC 6749 §3.3: refused as a whole or granted as a whole, never shortened. */
const selectScope = (scope: string | undefined, grant: SubjectGrant): string[] => {
  const granted = grantedNames(grant)
  if (scope === undefined) return [...granted]
  const asked = parseScope(scope)
  const missing = asked.filter((name) => !granted.has(name))
  if (missing.length > 0) throw refusedValue('scope_not_granted', missing)
  return [...implicationsOf(grant.audience.permissions).expand(asked)]
}

/**
 * `scope-token *( SP scope-token )` (RFC 6749 §3.3), in the order given, repetitions dropped.
 * @throws OAuthError `scope_malformed`
 */
export const parseScope = (scope: string): string[] => {
  const names = scopeValues(scope)
  if (names === null) throw refusedValue('scope_malformed', [scope])
  return names
}

const selectPlugin = (
  pluginId: string | undefined,
  plugins: readonly SubjectPlugin[],
  audience: Pick<SubjectGrant['audience'], 'id' | 'requiresPlugin'>,
): SubjectPlugin | null => {
  if (pluginId !== undefined) {
    const plugin = plugins.find(({ id }) => id === pluginId)
    if (plugin === undefined) throw refusedValue('plugin_not_allowed', [pluginId])
    return plugin
  }
  const [only, another] = plugins
  if (only !== undefined && another === undefined) return only
  if (audience.requiresPlugin) throw refusedValue('plugin_required', [audience.id])
  return null
}

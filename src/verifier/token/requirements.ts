// Checks what a request requires of a token, in the order that decides the code. Pure.
import { refusal } from '../errors.ts'
import { textOfClaim } from '../reasons.ts'
import { RUN_TYPE, detailsOf, grants } from './details.ts'
import type { AccessTokenClaims } from './parse.ts'

// Registered symbols, because a program may load the package twice: as an ES module and as
// CommonJS.

/**
 * The requirement that the token names a plugin, whichever it is: for a request that names none to
 * compare with.
 * @example
 * await verifier.verify(bearer, { permission: 'hook:track', plugin: anyPlugin })
 */
export const anyPlugin: unique symbol = Symbol.for('@latchkey/verifier/anyPlugin')

/**
 * The requirement that the token names no plugin. A token that names one is refused with
 * `plugin_mismatch`. A verifier with `plugins: 'none'` accepts it, because no token of its audience
 * is meant for one plugin.
 * @example
 * await verifier.verify(bearer, { permission: 'admin:read', plugin: noPlugin })
 */
export const noPlugin: unique symbol = Symbol.for('@latchkey/verifier/noPlugin')

/**
 * No requirement about the plugin, in an audience that has plugins: a token of any plugin, or of
 * none, is accepted.
 * @example
 * await verifier.verify(bearer, { permission: null, plugin: unsafeIgnorePlugin })
 */
export const unsafeIgnorePlugin: unique symbol = Symbol.for('@latchkey/verifier/unsafeIgnorePlugin')

/** The plugins of the audience: `'none'` where it has no plugins (see `VerifierOptions`). */
export type PluginsOfAudience = 'none' | undefined

/**
 * The plugin that the request names, as `single`, `fromQuery` and the like return it: null where it
 * names none or several. The symbols `anyPlugin`, `noPlugin` and `unsafeIgnorePlugin` replace it.
 */
export type PluginRequirement =
  string | null | typeof anyPlugin | typeof noPlugin | typeof unsafeIgnorePlugin

/** Requirements of a request. */
export type Requirements = {
  /**
   * The permission that the request needs (a scope token, RFC 6749 §3.3); null where any token of
   * this audience may pass.
   */
  permission: string | null
  plugin: PluginRequirement
  /** Compared exactly with the token's `tool_run` details (RFC 9396), the endpoint first. */
  run?: { endpoint: string; operation: string }
  /**
   * The capability that the plugin needs, such as `connector:slack`. Bundled and trusted plugins
   * have every capability.
   */
  capability?: string
  /** Lets a token without a plugin pass the check of `capability`. */
  withoutPlugin?: 'allow'
}

/** The claims of a token, and the values of its scope. */
type Granted = { readonly claims: AccessTokenClaims; readonly permissions: readonly string[] }

/** @throws AccessDenied */
export const checkRequirements = (
  { claims, permissions }: Granted,
  required: Requirements,
  plugins?: PluginsOfAudience,
): void => {
  const { permission } = required
  if (permission !== null && !permissions.includes(permission)) {
    throw refusal({ kind: 'permission_missing', expected: permission, actual: claims.scope })
  }
  if (required.plugin === noPlugin) checkNoPlugin(claims, plugins)
  else checkPlugin(claims, required.plugin)
  if (required.run !== undefined) checkRun(claims, required.run)
  if (required.capability !== undefined) checkCapability(claims, required)
}

/**
 * The values of the scope. They are compared whole: `hook:governor` is not `hook:govern`
 * (RFC 6749 §3.3).
 */
export const permissionsOf = (claims: AccessTokenClaims): string[] =>
  claims.scope.split(' ').filter(Boolean)

export const workspaceOf = (claims: AccessTokenClaims): string | null =>
  textOf(claims['workspace_id'])

export const pluginOf = (claims: AccessTokenClaims): string | null => textOf(claims['plugin_id'])

const textOf = (claim: unknown): string | null =>
  typeof claim === 'string' && claim !== '' ? claim : null

/**
 * Refuses a malformed claim as well: the plugin that such a token is meant for cannot be
 * determined.
 */
const checkNoPlugin = (claims: AccessTokenClaims, plugins: PluginsOfAudience): void => {
  if (plugins !== 'none' && Object.hasOwn(claims, 'plugin_id')) {
    throw refusal({ kind: 'plugin_unexpected', actual: textOfClaim(claims['plugin_id']) })
  }
}

const checkPlugin = (
  claims: AccessTokenClaims,
  required: Exclude<PluginRequirement, typeof noPlugin>,
): void => {
  if (required === unsafeIgnorePlugin) return
  const expected = typeof required === 'string' ? required : null
  const actual = pluginOf(claims)
  if (actual === null) throw refusal({ kind: 'plugin_missing', expected })
  if (required === anyPlugin) return
  // Several header values or query parameters are joined with a comma: the request then names no
  // single plugin.
  if (expected === null || expected.includes(',') || expected !== actual) {
    throw refusal({ kind: 'plugin_mismatch', expected, actual })
  }
}

const checkRun = (
  claims: AccessTokenClaims,
  { endpoint, operation }: { endpoint: string; operation: string },
): void => {
  const runs = detailsOf(claims, RUN_TYPE)
  const here = runs.filter((run) => grants(run, 'locations', endpoint))
  if (here.length === 0) throw refusal({ kind: 'endpoint_denied', endpoint, runs: runs.length })
  if (!here.some((run) => grants(run, 'actions', operation))) {
    throw refusal({ kind: 'operation_denied', endpoint, operation })
  }
}

const checkCapability = (
  claims: AccessTokenClaims,
  { capability = '', withoutPlugin }: Requirements,
): void => {
  const plugin = pluginOf(claims)
  if (plugin === null) {
    if (withoutPlugin === 'allow') return
    throw refusal({ kind: 'capability_missing', capability, plugin })
  }
  const trust = claims['plugin_trust']
  if (trust === 'bundled' || trust === 'trusted') return
  const capabilities = claims['plugin_capabilities']
  const coarse = capability.split(':', 1)[0]
  const has = (name: string | undefined) =>
    Array.isArray(capabilities) && capabilities.includes(name)
  if (!has(capability) && !has(coarse)) {
    throw refusal({ kind: 'capability_missing', capability, plugin })
  }
}

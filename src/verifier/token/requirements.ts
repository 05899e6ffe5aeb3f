// What a good token allows, in the order that decides the code. Pure.
import { RUN_TYPE, detailsOf, grants } from './details.ts'
import { refusal } from '../errors.ts'
import type { AccessTokenClaims } from './parse.ts'

// Registered symbols: a program may load the package twice, as an ES module and as CommonJS.

/** The token must name a plugin; the request names none to compare it with. */
export const anyPlugin: unique symbol = Symbol.for('@latchkey/verifier/anyPlugin')

/**
 * The token must name no plugin: one that does is refused with `plugin_mismatch`. A verifier with `plugins: 'none'`
 * lets it pass, because no token of its audience is meant for one plugin.
 */
export const noPlugin: unique symbol = Symbol.for('@latchkey/verifier/noPlugin')

/** The plugin does not matter here, though the audience has some: a token of any plugin, or of none, is good. */
export const unsafeIgnorePlugin: unique symbol = Symbol.for('@latchkey/verifier/unsafeIgnorePlugin')

/** Plugins of the audience: `'none'` where it has no plugins (see `VerifierOptions`). */
export type PluginsOfAudience = 'none' | undefined

/**
 * The plugin that the request names, as `single`, `fromQuery` and the like give it: null where it names none,
 * or several. Or one of the three symbols.
 */
export type PluginRequirement =
  string | null | typeof anyPlugin | typeof noPlugin | typeof unsafeIgnorePlugin

export type Requirements = {
  /** The permission that the request needs; null where any token of this audience is good. */
  permission: string | null
  plugin: PluginRequirement
  /** Both are compared exactly with the token's `tool_run` details; the endpoint decides first. */
  run?: { endpoint: string; operation: string }
  /** What the plugin must be capable of, such as `connector:slack`. Bundled and trusted plugins are. */
  capability?: string
  /** Lets a token without plugin through the capability gate. */
  withoutPlugin?: 'allow'
}

/** @throws AccessDenied */
export const checkRequirements = (
  claims: AccessTokenClaims,
  required: Requirements,
  plugins?: PluginsOfAudience,
): void => {
  checkPermission(claims, required.permission)
  if (required.plugin === noPlugin) checkNoPlugin(claims, plugins)
  else checkPlugin(claims, required.plugin)
  if (required.run !== undefined) checkRun(claims, required.run)
  if (required.capability !== undefined) checkCapability(claims, required)
}

/** The scope's values, compared whole: `hook:governor` is not `hook:govern` (RFC 6749 §3.3). */
export const permissionsOf = (claims: AccessTokenClaims): string[] =>
  claims.scope.split(' ').filter(Boolean)

const checkPermission = (claims: AccessTokenClaims, permission: string | null): void => {
  if (permission !== null && !permissionsOf(claims).includes(permission)) {
    throw refusal('permission_missing')
  }
}

export const workspaceOf = (claims: AccessTokenClaims): string | null =>
  textOf(claims['workspace_id'])

export const pluginOf = (claims: AccessTokenClaims): string | null => textOf(claims['plugin_id'])

const textOf = (claim: unknown): string | null =>
  typeof claim === 'string' && claim !== '' ? claim : null

/** A claim that is malformed is one, too: nobody knows what such a token is meant for. */
const checkNoPlugin = (claims: AccessTokenClaims, plugins: PluginsOfAudience): void => {
  if (plugins !== 'none' && Object.hasOwn(claims, 'plugin_id')) throw refusal('plugin_mismatch')
}

const checkPlugin = (
  claims: AccessTokenClaims,
  required: Exclude<PluginRequirement, typeof noPlugin>,
): void => {
  if (required === unsafeIgnorePlugin) return
  const plugin = pluginOf(claims)
  if (plugin === null) throw refusal('plugin_missing')
  if (required === anyPlugin) return
  // A comma is what several header values or query parameters are joined with: whose is it then?
  if (typeof required !== 'string' || required.includes(',') || required !== plugin) {
    throw refusal('plugin_mismatch')
  }
}

const checkRun = (
  claims: AccessTokenClaims,
  { endpoint, operation }: { endpoint: string; operation: string },
): void => {
  const here = detailsOf(claims, RUN_TYPE).filter((run) => grants(run, 'locations', endpoint))
  if (here.length === 0) throw refusal('endpoint_denied')
  if (!here.some((run) => grants(run, 'actions', operation))) throw refusal('operation_denied')
}

const checkCapability = (
  claims: AccessTokenClaims,
  { capability = '', withoutPlugin }: Requirements,
): void => {
  if (pluginOf(claims) === null) {
    if (withoutPlugin === 'allow') return
    throw refusal('capability_missing')
  }
  const trust = claims['plugin_trust']
  if (trust === 'bundled' || trust === 'trusted') return
  const capabilities = claims['plugin_capabilities']
  const coarse = capability.split(':', 1)[0]
  const has = (name: string | undefined) =>
    Array.isArray(capabilities) && capabilities.includes(name)
  if (!has(capability) && !has(coarse)) throw refusal('capability_missing')
}

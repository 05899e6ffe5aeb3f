// What a caller must say, and within which bounds. TypeScript says so, too; JavaScript must not get less
// security for saying less. No I/O.
import { type PluginsOfAudience, type Requirements, noPlugin } from './token/requirements.ts'
import {
  MAX_CLOCK_TOLERANCE_SECONDS,
  MAX_MAX_STALENESS_SECONDS,
  MIN_MAX_STALENESS_SECONDS,
} from './constants.ts'
import { RUN_TYPE, type WantedAuthorization } from './token/details.ts'
import { isSupported } from './keys/jwk.ts'
import type { RouteRequirements } from './adapters/request.ts'
import { isPermission } from './token/scope.ts'
import type { VerifierOptions } from './verifier.ts'

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** Over plain http whoever is on the way hands out the keys; on loopback nobody is. */
export const isSecureUrl = (value: unknown): value is string => {
  if (!isText(value) || !URL.canParse(value)) return false
  const { protocol, hostname } = new URL(value)
  const loopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && loopback)
}

/** As in `iss`: RFC 8414 §2 without a path. */
export const isOrigin = (value: unknown): boolean =>
  isSecureUrl(value) && new URL(value).origin === value

const within = (value: number | undefined, min: number, max: number): boolean =>
  value === undefined || (Number.isFinite(value) && value >= min && value <= max)

/** @throws TypeError */
export const checkOptions = (options: VerifierOptions): void => {
  const { issuer, audience, algorithms = ['RS256'] } = options
  if (!isOrigin(issuer)) {
    throw new TypeError('issuer must be an https origin without path (http for localhost only)')
  }
  if (!isText(audience)) throw new TypeError('audience must be named')
  if (!isOneOf(options.plugins, ['none'])) {
    throw new TypeError("plugins must be 'none' where the audience has none, or left out")
  }
  for (const name of ['jwksUri', 'revocationsUri'] as const) {
    if (options[name] !== undefined && !isSecureUrl(options[name])) {
      throw new TypeError(`${name} must be an https URL (http for localhost only)`)
    }
  }
  if (!Array.isArray(algorithms) || algorithms.length === 0 || !algorithms.every(isSupported)) {
    throw new TypeError('algorithms must be asymmetric signature algorithms')
  }
  checkRevocationOptions(options)
  checkNumbers(options)
}

/** Undefined is as good as left out here: the list is followed. */
const checkRevocationOptions = ({
  revocations,
  onStale,
  follow,
  onEvent,
}: VerifierOptions): void => {
  const named = revocations === undefined || revocations === 'none'
  if (!named && typeof revocations?.isRevoked !== 'function') {
    throw new TypeError("revocations must be a source with isRevoked, 'none', or left out")
  }
  if (!isOneOf(onStale, ['refuse', 'accept'])) {
    throw new TypeError("onStale must be 'refuse' or 'accept'")
  }
  if (!isOneOf(follow, ['background', 'on-use'])) {
    throw new TypeError("follow must be 'background' or 'on-use'")
  }
  if (onEvent !== undefined && typeof onEvent !== 'function') {
    throw new TypeError('onEvent must be a function')
  }
}

const isOneOf = (value: unknown, values: readonly unknown[]): boolean =>
  value === undefined || values.includes(value)

const checkNumbers = (options: VerifierOptions): void => {
  const { clockTolerance, keysMaxStale, maxRemembered, maxStaleness } = options
  if (!within(maxStaleness, MIN_MAX_STALENESS_SECONDS, MAX_MAX_STALENESS_SECONDS)) {
    const bounds = `${MIN_MAX_STALENESS_SECONDS} to ${MAX_MAX_STALENESS_SECONDS}`
    throw new TypeError(`maxStaleness must be ${bounds} seconds`)
  }
  if (!within(clockTolerance, 0, MAX_CLOCK_TOLERANCE_SECONDS)) {
    throw new TypeError(`clockTolerance must be 0 to ${MAX_CLOCK_TOLERANCE_SECONDS} seconds`)
  }
  if (!within(keysMaxStale, 0, Number.MAX_SAFE_INTEGER)) {
    throw new TypeError('keysMaxStale must be seconds')
  }
  if (!within(maxRemembered, 0, Number.MAX_SAFE_INTEGER)) {
    throw new TypeError('maxRemembered must be a number of tokens')
  }
}

/**
 * The plugin may be undefined here: a request that names none is refused, not a mistake of the caller.
 * @throws TypeError
 */
export const checkRequirementsSaid = (required: Requirements, plugins: PluginsOfAudience): void => {
  checkSaid(required?.permission, required)
  if (!('plugin' in required)) throw new TypeError(SAY_PLUGIN)
  checkPluginFits(required.plugin, plugins)
}

/** For a route, when it is built and not when it is called. @throws TypeError */
export const checkRouteSaid = (
  permission: string | null,
  required: RouteRequirements,
  plugins: PluginsOfAudience,
): void => {
  checkSaid(permission, required)
  if (typeof required?.plugin !== 'function' && typeof required?.plugin !== 'symbol') {
    throw new TypeError(SAY_PLUGIN)
  }
  checkPluginFits(required.plugin, plugins)
}

const SAY_PLUGIN =
  'plugin must be said: what the request names, anyPlugin, noPlugin or unsafeIgnorePlugin'

/** An audience either has plugins or has none: a route that asks for one shows that the option is wrong. */
const checkPluginFits = (plugin: unknown, plugins: PluginsOfAudience): void => {
  if (plugins === 'none' && plugin !== noPlugin) {
    throw new TypeError("plugin must be noPlugin: the verifier has plugins: 'none'")
  }
}

/** What is there but undefined would be left unchecked: it is as good as a check that was forgotten. */
const checkSaid = (permission: unknown, required: Pick<Requirements, 'run' | 'capability'>) => {
  if (!isPermission(permission) && permission !== null) {
    throw new TypeError('permission must be said: one scope token (RFC 6749), or null for none')
  }
  if (typeof required !== 'object' || required === null) throw new TypeError(SAY_PLUGIN)
  const { run, capability } = required
  if ('run' in required && !(isText(run?.endpoint) && isText(run?.operation))) {
    throw new TypeError('run must say endpoint and operation')
  }
  if ('capability' in required && !isText(capability)) {
    throw new TypeError('capability must be a string')
  }
}

/**
 * No part is said as undefined, so that a part that was forgotten, or that a parser has found to be null or
 * empty, does not stand for whatever is granted.
 * @throws TypeError
 */
export const checkWantedSaid = (wanted: WantedAuthorization): void => {
  if (typeof wanted !== 'object' || wanted === null || !('part' in wanted)) {
    throw new TypeError(SAY_PART)
  }
  const { type, identifier, action, part } = wanted
  if (!isText(type) || !isText(identifier) || !isText(action)) {
    throw new TypeError('type, identifier and action must be said')
  }
  if (part !== undefined && !isText(part)) throw new TypeError(SAY_PART)
  if (type === RUN_TYPE) throw new TypeError('a run is checked by verify: say run there')
}

const SAY_PART = 'part must be said: a string, or undefined where the request names none'

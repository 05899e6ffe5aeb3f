// Validates what a caller requires of a token, before any token is parsed. A mistake of the caller
// is a TypeError. Pure.
import { RUN_TYPE, type WantedAuthorization } from './details.ts'
import { type PluginsOfAudience, type Requirements, noPlugin } from './requirements.ts'
import { isScopeToken } from './scope.ts'

type Optional = Pick<Requirements, 'run' | 'capability'>

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/**
 * Validates the requirements of one request. An undefined plugin is no mistake: a request without a
 * plugin is refused.
 * @throws TypeError
 */
export const validateRequirements = (required: Requirements, plugins: PluginsOfAudience): void => {
  validatePermission(required?.permission, required)
  if (!('plugin' in required)) throw new TypeError(PLUGIN_MESSAGE)
  validatePlugin(required.plugin, plugins)
}

/** Validates the requirements of a route, when it is built. @throws TypeError */
export const validateRouteRequirements = (
  permission: string | null,
  required: { plugin: unknown } & Optional,
  plugins: PluginsOfAudience,
): void => {
  validatePermission(permission, required)
  if (typeof required?.plugin !== 'function' && typeof required?.plugin !== 'symbol') {
    throw new TypeError(PLUGIN_MESSAGE)
  }
  validatePlugin(required.plugin, plugins)
}

const PLUGIN_MESSAGE =
  'plugin is required: the one that the request names, anyPlugin, noPlugin or unsafeIgnorePlugin'

/**
 * An audience has plugins or has none: a route that requires one shows that the verifier's option
 * is wrong.
 */
const validatePlugin = (plugin: unknown, plugins: PluginsOfAudience): void => {
  if (plugins === 'none' && plugin !== noPlugin) {
    throw new TypeError("plugin must be noPlugin: the verifier has plugins: 'none'")
  }
}

/**
 * Refuses a member that is present and undefined: it would stay unchecked, like a check that was
 * forgotten.
 */
const validatePermission = (permission: unknown, required: Optional): void => {
  if (!isScopeToken(permission) && permission !== null) {
    throw new TypeError('permission is required: one scope token (RFC 6749), or null for none')
  }
  if (typeof required !== 'object' || required === null) throw new TypeError(PLUGIN_MESSAGE)
  const { run, capability } = required
  if ('run' in required && !(isText(run?.endpoint) && isText(run?.operation))) {
    throw new TypeError('run must have an endpoint and an operation')
  }
  if ('capability' in required && !isText(capability)) {
    throw new TypeError('capability must be a string')
  }
}

/**
 * Validates the authorization that `authorize` is asked for. A request without a part must state
 * `part: undefined`. A part that was forgotten, or that a parser returned as null or empty, does
 * not select the part that is granted.
 * @throws TypeError
 */
export const validateWanted = (wanted: WantedAuthorization): void => {
  if (typeof wanted !== 'object' || wanted === null || !('part' in wanted)) {
    throw new TypeError(PART_MESSAGE)
  }
  const { type, identifier, action, part } = wanted
  if (!isText(type) || !isText(identifier) || !isText(action)) {
    throw new TypeError('type, identifier and action are required')
  }
  if (part !== undefined && !isText(part)) throw new TypeError(PART_MESSAGE)
  if (type === RUN_TYPE) throw new TypeError('verify checks a run: pass run to it')
}

const PART_MESSAGE = 'part is required: a string, or undefined where the request names none'

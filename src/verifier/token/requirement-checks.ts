// Checks what a caller asks of a token, before any token is looked at: its mistakes are a TypeError. Pure.
import { RUN_TYPE, type WantedAuthorization } from './details.ts'
import { type PluginsOfAudience, type Requirements, noPlugin } from './requirements.ts'
import { isPermission } from './scope.ts'

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

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
  required: { plugin: unknown } & Checked,
  plugins: PluginsOfAudience,
): void => {
  checkSaid(permission, required)
  if (typeof required?.plugin !== 'function' && typeof required?.plugin !== 'symbol') {
    throw new TypeError(SAY_PLUGIN)
  }
  checkPluginFits(required.plugin, plugins)
}

type Checked = Pick<Requirements, 'run' | 'capability'>

const SAY_PLUGIN =
  'plugin must be said: what the request names, anyPlugin, noPlugin or unsafeIgnorePlugin'

/** An audience either has plugins or has none: a route that asks for one shows that the option is wrong. */
const checkPluginFits = (plugin: unknown, plugins: PluginsOfAudience): void => {
  if (plugins === 'none' && plugin !== noPlugin) {
    throw new TypeError("plugin must be noPlugin: the verifier has plugins: 'none'")
  }
}

/** What is there but undefined would be left unchecked: it is as good as a check that was forgotten. */
const checkSaid = (permission: unknown, required: Checked) => {
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

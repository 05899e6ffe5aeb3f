// Validates the options of a verifier. TypeScript checks most of it as well, and programs in
// JavaScript must not get less security. No I/O.
import {
  MAX_CLOCK_TOLERANCE_SECONDS,
  MAX_MAX_STALENESS_SECONDS,
  MIN_MAX_STALENESS_SECONDS,
} from './constants.ts'
import { isSupported } from './keys/jwk.ts'
import type { VerifierOptions } from './types.ts'
import { isOrigin, isSecureUrl } from './url.ts'

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isBetween = (value: number | undefined, min: number, max: number): boolean =>
  value === undefined || (Number.isFinite(value) && value >= min && value <= max)

/** @throws TypeError */
export const checkOptions = (options: VerifierOptions): void => {
  const { issuer, audience, algorithms = ['RS256'] } = options
  if (!isOrigin(issuer)) {
    throw new TypeError('issuer must be an https origin without path (http for localhost only)')
  }
  if (!isText(audience)) throw new TypeError('audience is required')
  if (!isOneOf(options.plugins, ['none'])) {
    throw new TypeError("plugins must be 'none' for an audience without plugins, or omitted")
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

/** `revocations: undefined` counts as omitted: the verifier then follows the list. */
const checkRevocationOptions = (options: VerifierOptions): void => {
  const { revocations, onStale, follow, onEvent } = options
  const isNamed = revocations === undefined || revocations === 'none'
  if (!isNamed && typeof revocations?.isRevoked !== 'function') {
    throw new TypeError("revocations must be a source with isRevoked, 'none', or omitted")
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
  if (!isBetween(maxStaleness, MIN_MAX_STALENESS_SECONDS, MAX_MAX_STALENESS_SECONDS)) {
    const bounds = `${MIN_MAX_STALENESS_SECONDS} to ${MAX_MAX_STALENESS_SECONDS}`
    throw new TypeError(`maxStaleness must be ${bounds} seconds`)
  }
  if (!isBetween(clockTolerance, 0, MAX_CLOCK_TOLERANCE_SECONDS)) {
    throw new TypeError(`clockTolerance must be 0 to ${MAX_CLOCK_TOLERANCE_SECONDS} seconds`)
  }
  if (!isBetween(keysMaxStale, 0, Number.MAX_SAFE_INTEGER)) {
    throw new TypeError('keysMaxStale must be seconds')
  }
  if (!isBetween(maxRemembered, 0, Number.MAX_SAFE_INTEGER)) {
    throw new TypeError('maxRemembered must be a number of tokens')
  }
}

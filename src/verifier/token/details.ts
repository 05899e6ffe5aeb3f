// Authorization details of a token (RFC 9396): what they grant, and the one entry that a request
// acts under. Pure.
import { refusal } from '../errors.ts'
import type { AccessTokenClaims } from './parse.ts'

/** The type of a run, which has locations instead of parts. `verify` checks it with `run`. */
export const RUN_TYPE = 'tool_run'

/** An entry of `authorization_details` (RFC 9396 §2), as in the token. */
export type AuthorizationDetail = { readonly type: string; readonly [member: string]: unknown }

/** The authorization that a request needs. Each member is a name, compared exactly. */
export type WantedAuthorization = {
  type: string
  identifier: string
  action: string
  /**
   * Undefined, and written out, where the request names none: the entry must then grant exactly one
   * part, or `"*"`.
   */
  part: string | undefined
}

/** The entries of a type. */
export const detailsOf = (
  claims: { readonly [claim: string]: unknown },
  type: string,
): AuthorizationDetail[] => {
  const details: unknown = claims['authorization_details']
  if (!Array.isArray(details)) return []
  return (details as unknown[]).filter(
    (entry): entry is AuthorizationDetail =>
      typeof entry === 'object' && entry !== null && own(entry, 'type') === type,
  )
}

const own = (object: object, member: string): unknown =>
  Object.hasOwn(object, member) ? (object as Record<string, unknown>)[member] : undefined

const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

/**
 * The names in a member. `"*"` is a wildcard only as the whole value; in a list it is a name. Any
 * other value grants nothing, and neither does a list with a member that is no name: no issuer
 * meant such a list.
 */
const namesOf = (entry: object, member: string): '*' | readonly string[] => {
  const value = own(entry, member)
  if (value === '*') return value
  return Array.isArray(value) && value.every(isName) ? value : []
}

/** True if a member that holds names, such as `actions`, grants this name. */
export const grants = (entry: object, member: string, name: string): boolean => {
  const names = namesOf(entry, member)
  return names === '*' || names.includes(name)
}

/**
 * The one entry that grants the wanted authorization. Several are neither merged nor ranked: their
 * policy members may differ, and the order of a list must not decide between them.
 * @throws AccessDenied `authorization_denied`, `authorization_ambiguous`
 */
export const chooseDetail = (
  claims: AccessTokenClaims,
  wanted: WantedAuthorization,
): AuthorizationDetail => {
  const { identifier, action, part } = wanted
  const ofType = detailsOf(claims, wanted.type)
  const forResource = ofType.filter((entry) => isFor(entry, identifier))
  const withAction = forResource.filter((entry) => grants(entry, 'actions', action))
  const fitting = withAction.filter((entry) =>
    part === undefined ? hasParts(entry) : grants(entry, 'parts', part),
  )
  const shown = { ...wanted, part: part ?? null }
  const [entry] = fitting
  if (entry === undefined) {
    const missing = firstEmpty({ type: ofType, identifier: forResource, action: withAction })
    throw refusal({ ...shown, kind: 'authorization_denied', missing: missing ?? 'part' })
  }
  const isOne = fitting.length === 1 && (part !== undefined || hasOnePart(entry))
  if (!isOne) {
    throw refusal({ ...shown, kind: 'authorization_ambiguous', fitting: fitting.length })
  }
  return entry
}

type Stage = 'type' | 'identifier' | 'action'

const firstEmpty = (stages: Record<Stage, readonly unknown[]>): Stage | undefined =>
  (['type', 'identifier', 'action'] as const).find((stage) => stages[stage].length === 0)

const isFor = (entry: object, identifier: string): boolean => {
  const granted = own(entry, 'identifier')
  return granted === '*' || granted === identifier
}

const hasParts = (entry: object): boolean => namesOf(entry, 'parts').length > 0

/** True for one part, or any part: the choice is then not open. */
const hasOnePart = (entry: object): boolean => {
  const parts = namesOf(entry, 'parts')
  return parts === '*' || new Set(parts).size === 1
}

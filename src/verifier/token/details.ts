// What a token's authorization details grant (RFC 9396), and which entry a request acts under. Pure.
import { refusal } from '../errors.ts'
import type { AccessTokenClaims } from './parse.ts'

/** Has locations instead of parts, and a check of its own: `run` in `verify`. */
export const RUN_TYPE = 'tool_run'

/** An entry of `authorization_details`, as the token has it. */
export type AuthorizationDetail = { readonly type: string; readonly [member: string]: unknown }

/** What a request wants to do, and to what. Each is a name, compared exactly. */
export type WantedAuthorization = {
  type: string
  identifier: string
  action: string
  /** Undefined, and written so, where the request names none: then it is the only one that is granted. */
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
 * `"*"` stands for anything only as the whole value; in a list it is a name like others. What is neither that
 * nor a list of names grants nothing: not even the names among its members, because nobody meant such a list.
 */
const namesOf = (entry: object, member: string): '*' | readonly string[] => {
  const value = own(entry, member)
  if (value === '*') return value
  return Array.isArray(value) && value.every(isName) ? value : []
}

/** Whether a member that holds names, such as `actions`, has this one. */
export const grants = (entry: object, member: string, name: string): boolean => {
  const names = namesOf(entry, member)
  return names === '*' || names.includes(name)
}

/**
 * The one entry that grants what is wanted. Several are not merged, and none is preferred: each may carry
 * other policy members, and to take the first would let the order of a list decide.
 * @throws AccessDenied `authorization_denied`, `authorization_ambiguous`
 */
export const chooseDetail = (
  claims: AccessTokenClaims,
  { type, identifier, action, part }: WantedAuthorization,
): AuthorizationDetail => {
  const [entry, ...others] = detailsOf(claims, type)
    .filter((candidate) => isFor(candidate, identifier) && grants(candidate, 'actions', action))
    .filter((candidate) =>
      part === undefined ? hasParts(candidate) : grants(candidate, 'parts', part),
    )
  if (entry === undefined) throw refusal('authorization_denied')
  const chosen = others.length === 0 && (part !== undefined || leavesNoChoice(entry))
  if (!chosen) throw refusal('authorization_ambiguous')
  return entry
}

const isFor = (entry: object, identifier: string): boolean => {
  const granted = own(entry, 'identifier')
  return granted === '*' || granted === identifier
}

const hasParts = (entry: object): boolean => namesOf(entry, 'parts').length > 0

/** One part, or any: then it does not matter which. */
const leavesNoChoice = (entry: object): boolean => {
  const parts = namesOf(entry, 'parts')
  return parts === '*' || new Set(parts).size === 1
}

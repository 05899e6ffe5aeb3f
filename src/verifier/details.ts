// What a token's authorization details grant (RFC 9396). Pure.
import type { AccessTokenClaims } from './token.ts'

/** An entry of `authorization_details`, as the token has it. */
export type AuthorizationDetail = { readonly type: string; readonly [member: string]: unknown }

/** The entries of a type. */
export const detailsOf = (claims: AccessTokenClaims, type: string): AuthorizationDetail[] => {
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

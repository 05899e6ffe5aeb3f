// Metadata that a client sends when it registers (RFC 7591 §2), and the part of an enrollment that
// it gets. Pure: no I/O.
import { z } from 'zod'
import { targetOf, TOOL_RUN } from '../grants/details.ts'
import { type BadMember, REGISTERED_MEMBERS, badLocalized, badMember } from './client-metadata.ts'
import { MAX_NAME_CHARS } from '../constants.ts'
import { fieldSentence } from '../text/field-sentences.ts'
import { humanText } from '../text/human-text.ts'
import { implicationsOf, scopeValues } from '../grants/permissions.ts'
import type { Audience, AuthorizationDetail, AuthMethod, Grant, Resource } from '../store/store.ts'

/**
 * Unknown members are ignored (RFC 7591 §2). Members that would change the way of logging in are
 * refused.
 */
const METADATA = z.looseObject({
  ...REGISTERED_MEMBERS,
  client_name: humanText(MAX_NAME_CHARS),
  // An empty text is refused: it could mean no scope, or all.
  scope: z
    .string({ error: 'must be a text' })
    .min(1, { error: 'must not be empty: leave it out to get all' })
    .max(8192, { error: 'is too long' })
    .refine((scope) => scopeValues(scope) !== null, {
      error: 'must be scope values with single spaces between them',
    })
    .optional(),
  token_endpoint_auth_method: z
    .enum(['client_secret_basic', 'client_secret_post'], {
      error: 'must be client_secret_basic or client_secret_post',
    })
    .optional(),
  grant_types: z
    .tuple([z.literal('client_credentials')], {
      error: ({ input }) =>
        `must be ${Array.isArray(input) ? '' : 'a list with '}client_credentials alone`,
    })
    .optional(),
  jwks: z.undefined({ error: 'is not supported: clients log in with a secret' }).optional(),
  jwks_uri: z.undefined({ error: 'is not supported: clients log in with a secret' }).optional(),
})

export type Metadata = {
  name: string
  softwareId: string | null
  /** Null: the member is absent. */
  redirectUris: string[] | null
  /** Requested scope values; null: all that the enrollment grants. */
  scope: string[] | null
  /** Null: the member is absent. */
  authMethod: AuthMethod | null
}

/** @returns the metadata, or the first invalid member with its rule */
export const parseMetadata = (body: Record<string, unknown>): Metadata | BadMember => {
  const { data, error } = METADATA.safeParse(body, { error: fieldSentence, reportInput: true })
  if (error) return badMember(error.issues, 'client_name')
  const localized = badLocalized(body)
  if (localized !== null) return localized
  return {
    name: data.client_name,
    softwareId: data.software_id ?? null,
    redirectUris: data.redirect_uris ?? null,
    scope: data.scope === undefined ? null : scopeValues(data.scope),
    authMethod: data.token_endpoint_auth_method ?? null,
  }
}

type Declared = readonly Pick<Audience, 'id' | 'permissions'>[]

/**
 * Narrows grants to a scope: in each audience to the permissions that the scope names. An implied
 * permission is stored if no other one that remains implies it.
 * @returns `missing`: the values of the scope that no grant has
 */
export const narrowGrants = (
  grants: readonly Grant[],
  scope: readonly string[] | null,
  audiences: Declared,
): Grant[] | { missing: string[] } => {
  if (scope === null) return withAny(grants)
  const declared = new Map(audiences.map(({ id, permissions }) => [id, permissions]))
  const held = grants.map(({ audience, permissions }) => {
    const implications = implicationsOf(declared.get(audience) ?? [])
    const names = implications.expand(permissions)
    return { audience, direct: new Set(permissions), implications, names, named: [] as string[] }
  })
  const holders = groupByName(held)
  const names = [...new Set(scope)]
  const missing = names.filter((name) => !holders.has(name))
  if (missing.length > 0) return { missing }
  for (const name of names) {
    for (const grant of holders.get(name) ?? []) grant.named.push(name)
  }
  return withAny(
    held.map(({ audience, direct, implications, named }) => ({
      audience,
      permissions: implications.fewest(named, direct),
    })),
  )
}

/** Maps each name to the grants that hold it. */
const groupByName = <T extends { names: ReadonlySet<string> }>(
  held: readonly T[],
): ReadonlyMap<string, T[]> => {
  const holders = new Map<string, T[]>()
  for (const grant of held) {
    for (const name of grant.names) {
      const others = holders.get(name)
      if (others === undefined) holders.set(name, [grant])
      else others.push(grant)
    }
  }
  return holders
}

const withAny = (grants: readonly Grant[]): Grant[] =>
  grants
    .filter(({ permissions }) => permissions.length > 0)
    .map(({ audience, permissions }) => ({ audience, permissions }))

/** Grants without the permissions that were removed since the enrollment was created. */
export const remainingGrants = (grants: readonly Grant[], audiences: Declared): Grant[] => {
  const declared = new Map(
    audiences.map(({ id, permissions }) => [id, new Set(permissions.map(({ name }) => name))]),
  )
  return withAny(
    grants.map(({ audience, permissions }) => ({
      audience,
      permissions: permissions.filter((name) => declared.get(audience)?.has(name)),
    })),
  )
}

/** Details without the targets and parts that were removed since the enrollment was created. */
export const remainingDetails = (
  details: readonly AuthorizationDetail[],
  find: (type: string, id: string) => Pick<Resource, 'parts'> | null,
): AuthorizationDetail[] =>
  details.flatMap((entry) => {
    const { type, identifier, parts } = targetOf(entry)
    if (type === TOOL_RUN || identifier === null) return [entry]
    const resource = find(type, identifier)
    if (resource === null) return []
    if (parts === null) return [entry]
    const registered = new Set(resource.parts)
    return [{ ...entry, parts: parts.filter((part) => registered.has(part)) }]
  })

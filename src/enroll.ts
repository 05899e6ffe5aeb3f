// What a client says of itself when it enrolls (RFC 7591 §2), and what becomes of an enrollment. Pure: no I/O.
import { z } from 'zod'
import { targetOf, TOOL_RUN } from './details.ts'
import { implied } from './revocation/rules.ts'
import type { Audience, AuthorizationDetail, AuthMethod, Grant, Resource } from './store/store.ts'

const text = (chars: number) =>
  z
    .string({ error: `must be a text of up to ${chars} characters` })
    .trim()
    .min(1, { error: 'must not be empty' })
    .max(chars, { error: `must have at most ${chars} characters` })
    .refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), {
      error: 'must be well-formed Unicode without control characters',
    })

/** RFC 7591 §2: whatever is not understood is ignored; what would change who can log in is refused. */
const METADATA = z.looseObject({
  client_name: text(200),
  software_id: text(200).optional(),
  scope: z.string({ error: 'must be a text' }).max(8192, { error: 'is too long' }).optional(),
  token_endpoint_auth_method: z
    .enum(['client_secret_basic', 'client_secret_post'], {
      error: 'must be client_secret_basic or client_secret_post',
    })
    .optional(),
  grant_types: z
    .tuple([z.literal('client_credentials')], { error: 'must be client_credentials alone' })
    .optional(),
  jwks: z.undefined({ error: 'is not taken yet: clients log in with a secret' }).optional(),
  jwks_uri: z.undefined({ error: 'is not taken yet: clients log in with a secret' }).optional(),
})

export type Metadata = {
  name: string
  softwareId: string | null
  /** The scope values that it wants of what it may have; null: all. */
  scope: string[] | null
  authMethod: AuthMethod
}

/** @returns the metadata, or which field is bad and what it must be */
export const parseMetadata = (
  body: Record<string, unknown>,
): Metadata | { field: string; must: string } => {
  const { data, error } = METADATA.safeParse(body)
  if (error) {
    const [issue] = error.issues
    return { field: String(issue?.path[0] ?? 'client_name'), must: issue?.message ?? '' }
  }
  return {
    name: data.client_name,
    softwareId: data.software_id ?? null,
    scope: data.scope === undefined || data.scope === '' ? null : data.scope.split(' '),
    authMethod: data.token_endpoint_auth_method ?? 'client_secret_basic',
  }
}

type Known = readonly Pick<Audience, 'id' | 'permissions'>[]

/**
 * Grants cut down to a scope: in each audience what the scope names of what was granted, implied ones among it.
 * @returns null for a scope with a value that no grant has
 */
export const narrowGrants = (
  grants: readonly Grant[],
  scope: readonly string[] | null,
  audiences: Known,
): Grant[] | null => {
  const held = grants.map(({ audience, permissions }) => {
    const declared = audiences.find(({ id }) => id === audience)?.permissions ?? []
    return { audience, names: permissions.flatMap((name) => implied(name, declared)), permissions }
  })
  if (scope === null) return withAny(held)
  if (!scope.every((name) => held.some(({ names }) => names.includes(name)))) return null
  return withAny(
    held.map(({ audience, names }) => ({
      audience,
      permissions: [...new Set(scope)].filter((name) => names.includes(name)),
    })),
  )
}

const withAny = (grants: readonly Grant[]): Grant[] =>
  grants
    .filter(({ permissions }) => permissions.length > 0)
    .map(({ audience, permissions }) => ({ audience, permissions }))

/** Permissions that have gone since they were written down are not given. */
export const remainingGrants = (grants: readonly Grant[], audiences: Known): Grant[] =>
  withAny(
    grants.map(({ audience, permissions }) => {
      const declared = audiences.find(({ id }) => id === audience)?.permissions ?? []
      const names = declared.map(({ name }) => name)
      return { audience, permissions: permissions.filter((name) => names.includes(name)) }
    }),
  )

/** Details without the targets and parts that have gone since they were written down. */
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
    return [{ ...entry, parts: parts.filter((part) => resource.parts.includes(part)) }]
  })

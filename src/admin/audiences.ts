import { z } from 'zod'
import { ADMIN_AUDIENCE, ADMIN_READ, ADMIN_WRITE, MAX_IMPLICATIONS } from '../constants.ts'
import { OperationRefused } from '../errors.ts'
import { isCircular } from '../grants/permissions.ts'
import type { Algorithm } from '../signing/algorithms.ts'
import type { Audience, Permission } from '../store/store.ts'
import { MAX_LIST, algorithm, audienceId, listOf, permissionName, tokenTtl } from './fields.ts'
import { requireUnbound } from './authority.ts'
import { namingExisting } from './existing.ts'
import { fieldsRefused, orNotFound, unlistedAlgorithm } from './refusals.ts'
import {
  type AdminCall,
  auditedChange,
  now,
  parse,
  parseQuery,
  retried,
  checkIfMatch,
} from './operation.ts'
import { pageByAge, pageFields } from './pages.ts'
import { audienceView } from './views/audience.ts'

const permissions = z
  .array(
    z.strictObject({
      name: permissionName,
      implies: listOf(permissionName)
        .prefault([])
        .meta({ description: 'Permissions of the same audience that it grants, too.' }),
    }),
  )
  .max(MAX_LIST, { error: `must have at most ${MAX_LIST} entries`, abort: true })
  .refine((list) => new Set(list.map((p) => p.name)).size === list.length, {
    error: 'must declare each permission once',
  })
  .refine((list) => list.reduce((sum, p) => sum + p.implies.length, 0) <= MAX_IMPLICATIONS, {
    error: `must have at most ${MAX_IMPLICATIONS} implications together`,
    abort: true,
  })
  .refine((list) => undeclared(list) === undefined, {
    error: 'must declare every permission that another one implies',
  })
  .refine((list) => !isCircular(list), { error: 'must not imply each other in a circle' })

const settings = {
  permissions: permissions.optional(),
  requires_plugin: z.boolean().optional(),
  token_ttl: tokenTtl.nullish(),
  algorithm: algorithm.optional(),
}

export const audienceQuery = z.strictObject({
  ...pageFields,
  requires_plugin: z.enum(['true', 'false'], { error: 'must be true or false' }).optional(),
  algorithm: algorithm.optional(),
})
export const newAudience = z
  .strictObject({ id: audienceId, ...settings })
  .meta({ id: 'NewAudience' })
export const audienceChange = z.strictObject(settings).meta({ id: 'AudienceChange' })

type AudienceChange = z.output<typeof audienceChange>

const undeclared = (list: readonly Permission[]): string | undefined => {
  const names = new Set(list.map((p) => p.name))
  return list.flatMap((p) => p.implies).find((name) => !names.has(name))
}

/** @throws OperationRefused for an algorithm that the server does not sign with */
const checkAlgorithm = ({ deps }: AdminCall, name: Algorithm | undefined): void => {
  if (name !== undefined && !deps.algorithms.includes(name)) throw unlistedAlgorithm(name)
}

/**
 * Protects the audience of administration. Without its two permissions, or with a required plugin, no client could
 * administer. With a further permission that implies them, an administrator could give a client more than its own.
 */
const checkAdministration = ({ permissions: list, requires_plugin }: AudienceChange): void => {
  const lost = (name: string) => list !== undefined && !list.some((p) => p.name === name)
  if (lost(ADMIN_READ) || lost(ADMIN_WRITE) || requires_plugin === true) {
    throw new OperationRefused(
      'last_administrator',
      `the audience ${ADMIN_AUDIENCE} must keep ${ADMIN_READ} and ${ADMIN_WRITE} and require no plugin, or no client could administer`,
    )
  }
  if (list?.some((p) => p.implies.length > 0 || ![ADMIN_READ, ADMIN_WRITE].includes(p.name))) {
    const detail = `must be ${ADMIN_READ} and ${ADMIN_WRITE} and imply nothing at the audience ${ADMIN_AUDIENCE}`
    throw fieldsRefused('invalid_value', [{ field: 'permissions', detail }])
  }
}

/** Lists audiences. A bound administrator sees those that its own client has a grant for. */
export const listAudiences = async (
  { deps, authority }: AdminCall,
  query: z.input<typeof audienceQuery> = {},
) => {
  const { limit, cursor, ...filters } = parseQuery(audienceQuery, query)
  const ids = authority.holds === null ? undefined : [...authority.holds.grants.keys()]
  const { requires_plugin, algorithm: signingAlgorithm } = filters
  const requiresPlugin = requires_plugin === undefined ? undefined : requires_plugin === 'true'
  const filter = { ids, requiresPlugin, algorithm: signingAlgorithm }
  return await pageByAge(
    { limit, cursor, list: 'audiences' },
    (part) => deps.store.listAudiences(filter, part),
    audienceView,
  )
}

export const showAudience = async (call: AdminCall, id: string) =>
  audienceView(await readAudience(call, id))

export const createAudience = (call: AdminCall, input: z.input<typeof newAudience>) =>
  auditedChange(call, 'audience.create', input.id, async () => {
    requireUnbound(call.authority)
    const fields = parse(newAudience, input)
    checkAlgorithm(call, fields.algorithm)
    const audience = {
      id: fields.id,
      requiresPlugin: fields.requires_plugin ?? false,
      tokenTtl: fields.token_ttl ?? null,
      algorithm: fields.algorithm ?? 'RS256',
      permissions: fields.permissions ?? [],
    }
    const { store } = call.deps
    await namingExisting(store.createAudience(audience, now(call)), async () => {
      const row = await store.findAudience(fields.id)
      return row && { noun: 'audience', id: row.id, deleted: false }
    })
    return await showAudience(call, fields.id)
  })

/**
 * Changes the members that are sent and keeps the others. A client that loses a permission needs a new token: those
 * that it has are revoked.
 */
export const updateAudience = (
  call: AdminCall,
  id: string,
  input: z.input<typeof audienceChange>,
) =>
  auditedChange(call, 'audience.update', id, async (_, cause) => {
    requireUnbound(call.authority)
    const fields = parse(audienceChange, input)
    if (id === ADMIN_AUDIENCE) checkAdministration(fields)
    checkAlgorithm(call, fields.algorithm)
    const update = {
      ...(fields.permissions && { permissions: fields.permissions }),
      ...(fields.requires_plugin !== undefined && { requiresPlugin: fields.requires_plugin }),
      ...(fields.token_ttl !== undefined && { tokenTtl: fields.token_ttl }),
      ...(fields.algorithm && { algorithm: fields.algorithm }),
    }
    await retried(call, async () => {
      const before = checkIfMatch(call, await readAudience(call, id))
      await call.deps.store.updateAudience(before, update, now(call), cause)
    })
    return await showAudience(call, id)
  })

const readAudience = async ({ deps, authority }: AdminCall, id: string): Promise<Audience> => {
  const isVisible = authority.holds?.grants.has(id) !== false
  return orNotFound(isVisible ? await deps.store.findAudience(id) : null, 'audience', id)
}

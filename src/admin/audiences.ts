import { z } from 'zod'
import { ADMIN_AUDIENCE, ADMIN_READ, ADMIN_WRITE, MAX_IMPLICATIONS } from '../constants.ts'
import { OperationRefused } from '../errors.ts'
import { isCircular } from '../grants/permissions.ts'
import type { Algorithm } from '../signing/algorithms.ts'
import type { Audience, Permission } from '../store/store.ts'
import { MAX_LIST, algorithm, audienceId, listOf, permissionName, tokenTtl } from './fields.ts'
import { requireUnbound } from './authority.ts'
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
import { audienceView } from './views.ts'

const permissions = z
  .array(
    z.strictObject({
      name: permissionName,
      implies: listOf(permissionName)
        .prefault([])
        .meta({ description: 'Permissions of the same audience that it grants as well.' }),
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

const supported = ({ deps }: AdminCall, name: Algorithm | undefined): Algorithm | undefined => {
  if (name === undefined || deps.algorithms.includes(name)) return name
  throw unlistedAlgorithm(name)
}

/**
 * Without its two permissions, or with a plugin that no administrator has, nobody could administer; with others
 * that imply them, whoever may give those could give what they lack.
 */
const checkAdministration = ({ permissions: list, requires_plugin }: AudienceChange): void => {
  const lost = (name: string) => list !== undefined && !list.some((p) => p.name === name)
  if (lost(ADMIN_READ) || lost(ADMIN_WRITE) || requires_plugin === true) {
    throw new OperationRefused(
      'last_administrator',
      `the audience ${ADMIN_AUDIENCE} keeps ${ADMIN_READ} and ${ADMIN_WRITE} and needs no plugin, or nobody could administer`,
    )
  }
  if (list?.some((p) => p.implies.length > 0 || ![ADMIN_READ, ADMIN_WRITE].includes(p.name))) {
    const detail = `must be ${ADMIN_READ} and ${ADMIN_WRITE} and imply nothing at the audience ${ADMIN_AUDIENCE}`
    throw fieldsRefused('invalid_value', [{ field: 'permissions', detail }])
  }
}

/** A bound administrator sees those that its own client has a grant for. */
export const listAudiences = async (
  { deps, authority }: AdminCall,
  query: z.input<typeof audienceQuery> = {},
) => {
  const { requires_plugin: needs, algorithm: wanted, ...page } = parseQuery(audienceQuery, query)
  const ids = authority.holds === null ? undefined : [...authority.holds.grants.keys()]
  const requiresPlugin = needs === undefined ? undefined : needs === 'true'
  const filter = { ids, requiresPlugin, algorithm: wanted }
  return await pageByAge(
    { ...page, list: 'audiences' },
    (part) => deps.store.listAudiences(filter, part),
    audienceView,
  )
}

export const showAudience = async (admin: AdminCall, id: string) =>
  audienceView(await readAudience(admin, id))

export const createAudience = (admin: AdminCall, input: z.input<typeof newAudience>) =>
  auditedChange(admin, 'audience.create', input.id, async () => {
    requireUnbound(admin.authority)
    const fields = parse(newAudience, input)
    await admin.deps.store.createAudience(
      {
        id: fields.id,
        requiresPlugin: fields.requires_plugin ?? false,
        tokenTtl: fields.token_ttl ?? null,
        algorithm: supported(admin, fields.algorithm) ?? 'RS256',
        permissions: fields.permissions ?? [],
      },
      now(admin),
    )
    return await showAudience(admin, fields.id)
  })

/** What is given replaces what was; the rest stays. Whoever loses something needs a new token. */
export const updateAudience = (
  admin: AdminCall,
  id: string,
  input: z.input<typeof audienceChange>,
) =>
  auditedChange(admin, 'audience.update', id, async () => {
    requireUnbound(admin.authority)
    const fields = parse(audienceChange, input)
    if (id === ADMIN_AUDIENCE) checkAdministration(fields)
    const algorithmName = supported(admin, fields.algorithm)
    const update = {
      ...(fields.permissions && { permissions: fields.permissions }),
      ...(fields.requires_plugin !== undefined && { requiresPlugin: fields.requires_plugin }),
      ...(fields.token_ttl !== undefined && { tokenTtl: fields.token_ttl }),
      ...(algorithmName && { algorithm: algorithmName }),
    }
    await retried(admin, async () => {
      const before = checkIfMatch(admin, await readAudience(admin, id))
      await admin.deps.store.updateAudience(before, update, now(admin))
    })
    return await showAudience(admin, id)
  })

const readAudience = async ({ deps, authority }: AdminCall, id: string): Promise<Audience> => {
  const seen = authority.holds?.grants.has(id) !== false
  return orNotFound(seen ? await deps.store.findAudience(id) : null, 'audience', id)
}

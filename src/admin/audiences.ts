import { z } from 'zod'
import { ADMIN_AUDIENCE, ADMIN_READ, ADMIN_WRITE } from '../constants.ts'
import { OperationRefused } from '../errors.ts'
import type { Algorithm } from '../signing/algorithms.ts'
import type { Audience, Permission } from '../store/store.ts'
import { algorithm, audienceId, listOf, permissionName, tokenTtl } from './fields.ts'
import { type Admin, change, found, now, parse, retried } from './operation.ts'
import { audienceView } from './views.ts'

const permissions = z
  .array(z.strictObject({ name: permissionName, implies: listOf(permissionName) }))
  .refine((list) => new Set(list.map((p) => p.name)).size === list.length, {
    error: 'must declare each permission once',
  })
  .refine((list) => undeclared(list) === undefined, {
    error: 'must declare every permission that another one implies',
  })
  .refine((list) => !hasCycle(list), { error: 'must not imply each other in a circle' })

const settings = {
  permissions: permissions.optional(),
  requires_plugin: z.boolean().optional(),
  token_ttl: tokenTtl.nullish(),
  algorithm: algorithm.optional(),
}

const newAudience = z.strictObject({ id: audienceId, ...settings })
const audienceChange = z.strictObject(settings)

export type NewAudienceInput = z.input<typeof newAudience>
export type AudienceChangeInput = z.input<typeof audienceChange>

const undeclared = (list: readonly Permission[]): string | undefined => {
  const names = new Set(list.map((p) => p.name))
  return list.flatMap((p) => p.implies).find((name) => !names.has(name))
}

/** Takes away, again and again, what implies nothing that is left; a circle never goes. */
const hasCycle = (list: readonly Permission[]): boolean => {
  let left = [...list]
  for (;;) {
    const names = new Set(left.map((p) => p.name))
    const rest = left.filter((p) => p.implies.some((name) => names.has(name)))
    if (rest.length === left.length) return left.length > 0
    left = rest
  }
}

const supported = ({ deps }: Admin, name: Algorithm | undefined): Algorithm | undefined => {
  if (name === undefined || deps.algorithms.includes(name)) return name
  throw new OperationRefused(
    'invalid_value',
    'algorithm: must be one of those that LATCHKEY_ALGORITHMS lists',
    'algorithm',
  )
}

/** Without its two permissions, or with a plugin that no administrator has, nobody could administer. */
const checkAdministration = (fields: z.output<typeof audienceChange>): void => {
  const { permissions: list, requires_plugin: requiresPlugin } = fields
  const lost = (name: string) => list !== undefined && !list.some((p) => p.name === name)
  if (!lost(ADMIN_READ) && !lost(ADMIN_WRITE) && requiresPlugin !== true) return
  throw new OperationRefused(
    'last_administrator',
    `the audience ${ADMIN_AUDIENCE} keeps ${ADMIN_READ} and ${ADMIN_WRITE} and needs no plugin, or nobody could administer`,
  )
}

export const listAudiences = async ({ deps }: Admin) =>
  (await deps.store.listAudiences()).map(audienceView)

export const createAudience = (admin: Admin, input: NewAudienceInput) =>
  change(admin, 'audience.create', input.id, async () => {
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
    return audienceView(await readAudience(admin, fields.id))
  })

/** What is given replaces what was; the rest stays. Whoever loses something needs a new token. */
export const updateAudience = (admin: Admin, id: string, input: AudienceChangeInput) =>
  change(admin, 'audience.update', id, async () => {
    const fields = parse(audienceChange, input)
    if (id === ADMIN_AUDIENCE) checkAdministration(fields)
    const algorithmName = supported(admin, fields.algorithm)
    const update = {
      ...(fields.permissions && { permissions: fields.permissions }),
      ...(fields.requires_plugin !== undefined && { requiresPlugin: fields.requires_plugin }),
      ...(fields.token_ttl !== undefined && { tokenTtl: fields.token_ttl }),
      ...(algorithmName && { algorithm: algorithmName }),
    }
    await retried(async () =>
      admin.deps.store.updateAudience(await readAudience(admin, id), update, now(admin)),
    )
    return audienceView(await readAudience(admin, id))
  })

const readAudience = async ({ deps }: Admin, id: string): Promise<Audience> =>
  found(await deps.store.findAudience(id), 'audience', id)

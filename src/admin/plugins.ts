import { z } from 'zod'
import type { Plugin } from '../store/store.ts'
import { requireUnbound } from './authority.ts'
import { capabilities, capability, chosenId, name, trust } from './fields.ts'
import { orNotFound } from './refusals.ts'
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
import { pluginView } from './views.ts'

const settings = {
  name: name.optional(),
  trust: trust.optional(),
  capabilities: capabilities.optional(),
  snapshot: chosenId.nullish(),
}

export const pluginQuery = z.strictObject({
  ...pageFields,
  trust: trust.optional(),
  capability: capability.optional(),
})
export const newPlugin = z.strictObject({ id: chosenId, ...settings }).meta({ id: 'NewPlugin' })
export const pluginChange = z.strictObject(settings).meta({ id: 'PluginChange' })

/** A bound administrator sees those that its own client may act for. */
export const listPlugins = async (
  { deps, authority }: AdminCall,
  query: z.input<typeof pluginQuery> = {},
) => {
  const { trust: tier, capability: wanted, ...page } = parseQuery(pluginQuery, query)
  const ids = authority.holds === null ? undefined : [...authority.holds.plugins]
  const filter = { ids, trust: tier, capability: wanted }
  return await pageByAge(
    { ...page, list: 'plugins' },
    (part) => deps.store.listPlugins(filter, part),
    pluginView,
  )
}

export const showPlugin = async (admin: AdminCall, id: string) =>
  pluginView(await readPlugin(admin, id))

export const createPlugin = (admin: AdminCall, input: z.input<typeof newPlugin>) =>
  auditedChange(admin, 'plugin.create', input.id, async () => {
    requireUnbound(admin.authority)
    const fields = parse(newPlugin, input)
    await admin.deps.store.createPlugin(
      {
        id: fields.id,
        name: fields.name ?? fields.id,
        trust: fields.trust ?? 'restricted',
        capabilities: fields.capabilities ?? [],
        snapshot: fields.snapshot ?? null,
      },
      now(admin),
    )
    return await showPlugin(admin, fields.id)
  })

/** What is given replaces what was; the rest stays. Less trust or a capability less kills its tokens. */
export const updatePlugin = (admin: AdminCall, id: string, input: z.input<typeof pluginChange>) =>
  auditedChange(admin, 'plugin.update', id, async () => {
    requireUnbound(admin.authority)
    const fields = parse(pluginChange, input)
    const update = {
      ...(fields.name !== undefined && { name: fields.name }),
      ...(fields.trust !== undefined && { trust: fields.trust }),
      ...(fields.capabilities && { capabilities: fields.capabilities }),
      ...(fields.snapshot !== undefined && { snapshot: fields.snapshot }),
    }
    await retried(admin, async () => {
      const before = checkIfMatch(admin, await readPlugin(admin, id))
      await admin.deps.store.updatePlugin(before, update, now(admin))
    })
    return await showPlugin(admin, id)
  })

export const revokePluginTokens = (admin: AdminCall, id: string) =>
  auditedChange(admin, 'plugin.revoke_tokens', id, async () => {
    requireUnbound(admin.authority)
    checkIfMatch(admin, await readPlugin(admin, id))
    await admin.deps.store.revokePluginTokens(id, now(admin))
    return await showPlugin(admin, id)
  })

const readPlugin = async ({ deps, authority }: AdminCall, id: string): Promise<Plugin> => {
  const seen = authority.holds?.plugins.has(id) !== false
  return orNotFound(seen ? await deps.store.findPlugin(id) : null, 'plugin', id)
}

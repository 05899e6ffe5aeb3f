import { z } from 'zod'
import type { Plugin } from '../store/store.ts'
import { requireUnbound } from './authority.ts'
import { capabilities, capability, chosenId, name, trust } from './fields.ts'
import { type Existing, namingExisting } from './existing.ts'
import { hasBeenDeleted, orNotFound } from './refusals.ts'
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
import { pluginView } from './views/plugin.ts'

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
  status: z.enum(['active', 'disabled'], { error: 'must be active or disabled' }).optional(),
})
export const newPlugin = z.strictObject({ id: chosenId, ...settings }).meta({ id: 'NewPlugin' })
export const pluginChange = z.strictObject(settings).meta({ id: 'PluginChange' })

/** Lists plugins, oldest first, without deleted ones. A bound administrator sees those that its own client may act for. */
export const listPlugins = async (
  { deps, authority }: AdminCall,
  query: z.input<typeof pluginQuery> = {},
) => {
  const { limit, cursor, ...filters } = parseQuery(pluginQuery, query)
  const ids = authority.holds === null ? undefined : [...authority.holds.plugins]
  return await pageByAge(
    { limit, cursor, list: 'plugins' },
    (part) => deps.store.listPlugins({ ids, ...filters }, part),
    pluginView,
  )
}

export const showPlugin = async (call: AdminCall, id: string) =>
  pluginView(await readPlugin(call, id))

export const createPlugin = (call: AdminCall, input: z.input<typeof newPlugin>) =>
  auditedChange(call, 'plugin.create', input.id, async () => {
    requireUnbound(call.authority)
    const fields = parse(newPlugin, input)
    const plugin = {
      id: fields.id,
      name: fields.name ?? fields.id,
      trust: fields.trust ?? 'restricted',
      capabilities: fields.capabilities ?? [],
      snapshot: fields.snapshot ?? null,
    } as const
    await namingExisting(call.deps.store.createPlugin(plugin, now(call)), () =>
      existingPlugin(call, fields.id),
    )
    return await showPlugin(call, fields.id)
  })

/**
 * Changes the members that are sent and keeps the others. Lowering the trust tier or removing a capability revokes
 * the plugin's tokens.
 */
export const updatePlugin = (call: AdminCall, id: string, input: z.input<typeof pluginChange>) =>
  auditedChange(call, 'plugin.update', id, async (_, cause) => {
    requireUnbound(call.authority)
    const fields = parse(pluginChange, input)
    const update = {
      ...(fields.name !== undefined && { name: fields.name }),
      ...(fields.trust !== undefined && { trust: fields.trust }),
      ...(fields.capabilities && { capabilities: fields.capabilities }),
      ...(fields.snapshot !== undefined && { snapshot: fields.snapshot }),
    }
    await retried(call, async () => {
      const before = checkIfMatch(call, await readPlugin(call, id))
      await call.deps.store.updatePlugin(before, update, now(call), cause)
    })
    return await showPlugin(call, id)
  })

/** Refuses new tokens for the plugin, and revokes its tokens. */
export const disablePlugin = (call: AdminCall, id: string) =>
  setStatus(call, { id, action: 'plugin.disable', status: 'disabled' })

/** Issues tokens for the plugin again. Its tokens from before stay revoked. */
export const enablePlugin = (call: AdminCall, id: string) =>
  setStatus(call, { id, action: 'plugin.enable', status: 'active' })

const setStatus = (
  call: AdminCall,
  { id, action, status }: { id: string; action: string; status: 'active' | 'disabled' },
) =>
  auditedChange(call, action, id, async (_, cause) => {
    requireUnbound(call.authority)
    await retried(call, async () => {
      const before = checkIfMatch(call, await readPlugin(call, id))
      await call.deps.store.updatePlugin(before, { status }, now(call), cause)
    })
    return await showPlugin(call, id)
  })

/**
 * Deletes the plugin and revokes its tokens. The id cannot be used again. A client keeps naming the plugin until an
 * administrator removes it: a client whose only plugin it was would otherwise get tokens without a plugin's limits.
 */
export const deletePlugin = (call: AdminCall, id: string) =>
  auditedChange(call, 'plugin.delete', id, async (_, cause) => {
    requireUnbound(call.authority)
    await retried(call, async () => {
      const before = checkIfMatch(call, await readPlugin(call, id))
      await call.deps.store.deletePlugin(before, now(call), cause)
    })
    return { id, status: 'deleted' as const }
  })

export const revokePluginTokens = (call: AdminCall, id: string) =>
  auditedChange(call, 'plugin.revoke_tokens', id, async (_, cause) => {
    requireUnbound(call.authority)
    checkIfMatch(call, await readPlugin(call, id))
    await call.deps.store.revokePluginTokens(id, now(call), cause)
    return await showPlugin(call, id)
  })

/** The plugin that has an id, or had it before it was deleted. */
const existingPlugin = async ({ deps }: AdminCall, id: string): Promise<Existing | null> => {
  const plugin = await deps.store.findPlugin(id)
  const [deleted = null] = plugin === null ? await deps.store.listDeletedPlugins([id]) : []
  const row = plugin ?? deleted
  return row && { noun: 'plugin', id, name: row.name, deleted: plugin === null }
}

const readPlugin = async ({ deps, authority }: AdminCall, id: string): Promise<Plugin> => {
  const isVisible = authority.holds?.plugins.has(id) !== false
  const plugin = isVisible ? await deps.store.findPlugin(id) : null
  if (plugin === null && isVisible) {
    const [deleted] = await deps.store.listDeletedPlugins([id])
    if (deleted !== undefined) throw hasBeenDeleted('plugin', id)
  }
  return orNotFound(plugin, 'plugin', id)
}

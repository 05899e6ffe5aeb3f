import { z } from 'zod'
import type { Plugin } from '../store/store.ts'
import { capability, chosenId, listOf, name, trust } from './fields.ts'
import { type Admin, change, found, now, parse, retried } from './operation.ts'
import { pluginView } from './views.ts'

const settings = {
  name: name.optional(),
  trust: trust.optional(),
  capabilities: listOf(capability).optional(),
  snapshot: chosenId.nullish(),
}

const newPlugin = z.strictObject({ id: chosenId, ...settings })
const pluginChange = z.strictObject(settings)

export type NewPluginInput = z.input<typeof newPlugin>
export type PluginChangeInput = z.input<typeof pluginChange>

export const listPlugins = async ({ deps }: Admin) =>
  (await deps.store.listPlugins()).map(pluginView)

export const createPlugin = (admin: Admin, input: NewPluginInput) =>
  change(admin, 'plugin.create', input.id, async () => {
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
    return pluginView(await readPlugin(admin, fields.id))
  })

/** What is given replaces what was; the rest stays. Less trust or a capability less kills its tokens. */
export const updatePlugin = (admin: Admin, id: string, input: PluginChangeInput) =>
  change(admin, 'plugin.update', id, async () => {
    const fields = parse(pluginChange, input)
    const update = {
      ...(fields.name !== undefined && { name: fields.name }),
      ...(fields.trust !== undefined && { trust: fields.trust }),
      ...(fields.capabilities && { capabilities: fields.capabilities }),
      ...(fields.snapshot !== undefined && { snapshot: fields.snapshot }),
    }
    await retried(async () =>
      admin.deps.store.updatePlugin(await readPlugin(admin, id), update, now(admin)),
    )
    return pluginView(await readPlugin(admin, id))
  })

export const revokePluginTokens = (admin: Admin, id: string) =>
  change(admin, 'plugin.revoke_tokens', id, async () => {
    await readPlugin(admin, id)
    await admin.deps.store.revokePluginTokens(id, now(admin))
    return pluginView(await readPlugin(admin, id))
  })

const readPlugin = async ({ deps }: Admin, id: string): Promise<Plugin> =>
  found(await deps.store.findPlugin(id), 'plugin', id)

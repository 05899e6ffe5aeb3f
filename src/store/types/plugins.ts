// Plugins: the software that clients act for.
import type { Part } from './lists.ts'

export type TrustTier = 'bundled' | 'trusted' | 'restricted'

export type Plugin = {
  id: string
  name: string
  trust: TrustTier
  capabilities: string[]
  snapshot: string | null
  generation: number
  etag: string
  createdAt: number
}

export type NewPlugin = Pick<Plugin, 'id' | 'name' | 'trust' | 'capabilities' | 'snapshot'>

/** Filters of the list; a plugin fits when it fits each of them. */
export type PluginFilter = {
  ids?: string[] | undefined
  trust?: TrustTier | undefined
  capability?: string | undefined
}

export interface PluginStore {
  listPlugins(filter?: PluginFilter, part?: Part): Promise<Plugin[]>
  findPlugin(id: string): Promise<Plugin | null>
  createPlugin(plugin: NewPlugin, now: number): Promise<void>
  /**
   * A change that takes something away raises the generation and writes the rule in the same step.
   * @throws Conflict where the plugin has changed since `before`
   */
  updatePlugin(before: Plugin, change: Partial<Omit<NewPlugin, 'id'>>, now: number): Promise<void>
  /**
   * Raises the generation and writes the rule.
   * @throws Conflict where there is no such plugin
   */
  revokePluginTokens(id: string, now: number): Promise<void>
}

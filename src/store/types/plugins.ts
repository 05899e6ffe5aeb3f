// Plugins: the software that clients act for.
import type { Cause } from './audit.ts'
import type { Part } from './lists.ts'

export type TrustTier = 'bundled' | 'trusted' | 'restricted'

export type PluginStatus = 'active' | 'disabled' | 'deleted'

export type Plugin = {
  id: string
  name: string
  trust: TrustTier
  capabilities: string[]
  snapshot: string | null
  status: PluginStatus
  generation: number
  etag: string
  createdAt: number
}

export type NewPlugin = Pick<Plugin, 'id' | 'name' | 'trust' | 'capabilities' | 'snapshot'>

export type PluginChange = Partial<Omit<NewPlugin, 'id'>> & { status?: 'active' | 'disabled' }

/** Filters of the list; a plugin fits when it fits each of them. */
export type PluginFilter = {
  ids?: string[] | undefined
  trust?: TrustTier | undefined
  capability?: string | undefined
  status?: 'active' | 'disabled' | undefined
}

export interface PluginStore {
  /** Lists all plugins except deleted ones. */
  listPlugins(filter?: PluginFilter, part?: Part): Promise<Plugin[]>
  findPlugin(id: string): Promise<Plugin | null>
  /** Lists the deleted plugins among these ids, for a refusal that names them. */
  listDeletedPlugins(ids: string[]): Promise<Plugin[]>
  createPlugin(plugin: NewPlugin, now: number): Promise<void>
  /**
   * A change that takes something away raises the generation and writes the rule in the same step.
   * @throws Conflict where the plugin has changed since `before`
   * @throws OperationRefused `last_administrator` where no administrator could log in without the plugin
   */
  updatePlugin(before: Plugin, change: PluginChange, now: number, cause?: Cause): Promise<void>
  /**
   * Leaves a tombstone, so that the id is not used again. Its clients keep naming it: a client whose only plugin it was
   * would otherwise get tokens that no plugin limits.
   * @throws Conflict where the plugin has changed since `before`
   * @throws OperationRefused `last_administrator` where no administrator could log in without the plugin
   */
  deletePlugin(before: Plugin, now: number, cause?: Cause): Promise<void>
  /**
   * Raises the generation and writes the rule.
   * @throws Conflict where there is no such plugin
   */
  revokePluginTokens(id: string, now: number, cause?: Cause): Promise<void>
}

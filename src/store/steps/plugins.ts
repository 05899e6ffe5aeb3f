// Plugins.
import { and, eq, sql } from 'drizzle-orm/sql'
import { takesFromPlugin } from '../../grants/taking-away.ts'
import { columnsOf } from '../tables/column.ts'
import { plugins } from '../tables/registry.ts'
import type { Plugin, PluginStore } from '../types/plugins.ts'
import type { Context, Verb } from './connection.ts'
import { inList } from './lists.ts'
import { readFirst, select } from './query.ts'
import { pluginRules } from './rules.ts'
import { assertMarked, insert, newEtag, update } from './statements.ts'
import { partByAge, readWalk, reading, walkByAge } from './walk.ts'

const shown = columnsOf(plugins)

const listPlugins: Verb<'listPlugins'> =
  (context) =>
  ({ ids, trust, capability } = {}, part = {}) => {
    const capabilities = inList(context.dialect, sql`${plugins.capabilities}`)
    const filters = [
      trust && eq(plugins.trust, trust),
      capability === undefined ? undefined : sql`${capability} ${capabilities}`,
    ]
    const walk = walkByAge(context.dialect, 'plugins', { ids, filters })
    return readWalk(context, walk, partByAge<Plugin>(part, reading(context, shown)))
  }

const findPlugin: Verb<'findPlugin'> =
  ({ connection }) =>
  (id) =>
    readFirst(connection, select(shown, sql`from ${plugins} where ${eq(plugins.id, id)}`))

const createPlugin: Verb<'createPlugin'> =
  ({ connection }) =>
  async (plugin, now) => {
    await connection.run(insert(plugins, { ...plugin, etag: newEtag(), createdAt: now }))
  }

const updatePlugin: Verb<'updatePlugin'> =
  ({ connection, dialect }) =>
  async (before, change, now) => {
    const etag = newEtag()
    const takes = takesFromPlugin(before, change)
    await connection.atomically([
      update(
        plugins,
        { ...change, etag, ...(takes && { generation: sql`generation + 1` }) },
        and(eq(plugins.id, before.id), eq(plugins.etag, before.etag)),
      ),
      assertMarked(plugins, before.id, etag),
      ...(takes ? pluginRules(dialect, before.id, now) : []),
    ])
  }

const revokePluginTokens: Verb<'revokePluginTokens'> =
  ({ connection, dialect }) =>
  async (id, now) => {
    const etag = newEtag()
    await connection.atomically([
      update(plugins, { generation: sql`generation + 1`, etag }, eq(plugins.id, id)),
      assertMarked(plugins, id, etag),
      ...pluginRules(dialect, id, now),
    ])
  }

export const pluginVerbs = (context: Context): PluginStore => ({
  listPlugins: listPlugins(context),
  findPlugin: findPlugin(context),
  createPlugin: createPlugin(context),
  updatePlugin: updatePlugin(context),
  revokePluginTokens: revokePluginTokens(context),
})

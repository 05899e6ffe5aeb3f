// Plugins.
import { type SQL, and, eq, sql } from 'drizzle-orm/sql'
import { LAST_GENERATION } from '../../constants.ts'
import { takesFromPlugin } from '../../grants/taking-away.ts'
import { columnsOf } from '../tables/column.ts'
import { plugins } from '../tables/registry.ts'
import type { Plugin, PluginStore } from '../types/plugins.ts'
import { assertPluginSpared } from './administrators.ts'
import type { Context, Statement, Verb } from './connection.ts'
import { inList } from './lists.ts'
import { isWord } from './literals.ts'
import { readFirst, select } from './query.ts'
import { pluginRules } from './rules.ts'
import { assertMarked, insert, newEtag, update } from './statements.ts'
import { partByAge, readWalk, reading, walkByAge } from './walk.ts'

const shown = columnsOf(plugins)

/** The condition of the index of plugins that are not deleted, in the same words: written out, not bound. */
const isThere = sql`${plugins.status} <> 'deleted'`

/** True for a plugin that is still what the caller has read. */
const isUnchanged = ({ id, etag }: Plugin): SQL | undefined =>
  and(isThere, eq(plugins.id, id), eq(plugins.etag, etag))

const listPlugins: Verb<'listPlugins'> =
  (context) =>
  ({ ids, trust, capability, status } = {}, part = {}) => {
    const capabilities = inList(context.dialect, sql`${plugins.capabilities}`)
    const filters = [
      trust && eq(plugins.trust, trust),
      status && eq(plugins.status, status),
      capability === undefined ? undefined : sql`${capability} ${capabilities}`,
    ]
    const walk = walkByAge(context.dialect, 'plugins', { ids, within: [isThere], filters })
    return readWalk(context, walk, partByAge<Plugin>(part, reading(context, shown)))
  }

const listDeletedPlugins: Verb<'listDeletedPlugins'> = (context) => (ids) => {
  const within = [isWord(plugins.status, 'deleted')]
  const walk = walkByAge(context.dialect, 'plugins', { ids, within, filters: [] })
  return readWalk(context, walk, partByAge<Plugin>({}, reading(context, shown)))
}

const findPlugin: Verb<'findPlugin'> =
  ({ connection }) =>
  (id) =>
    readFirst(
      connection,
      select(shown, sql`from ${plugins} where ${and(eq(plugins.id, id), isThere)}`),
    )

const createPlugin: Verb<'createPlugin'> =
  ({ connection }) =>
  async (plugin, now) => {
    await connection.run(insert(plugins, { ...plugin, etag: newEtag(), createdAt: now }))
  }

/** Disabling a plugin a second time, or deleting a disabled one, takes no administrator away. */
const sparing = ({ id, status }: Plugin, now: number): Statement[] =>
  status === 'active' ? [assertPluginSpared(id, now)] : []

const updatePlugin: Verb<'updatePlugin'> =
  ({ connection, dialect }) =>
  async (before, change, now, cause) => {
    const etag = newEtag()
    const takes = takesFromPlugin(before, change)
    await connection.atomically([
      update(
        plugins,
        { ...change, etag, ...(takes && { generation: sql`generation + 1` }) },
        isUnchanged(before),
      ),
      assertMarked(plugins, before.id, etag),
      ...(change.status === 'disabled' ? sparing(before, now) : []),
      ...(takes ? pluginRules(dialect, before.id, { now, cause }) : []),
    ])
  }

const deletePlugin: Verb<'deletePlugin'> =
  ({ connection, dialect }) =>
  async (before, now, cause) => {
    const etag = newEtag()
    await connection.atomically([
      update(
        plugins,
        {
          status: 'deleted',
          capabilities: [],
          snapshot: null,
          generation: LAST_GENERATION,
          etag,
        },
        isUnchanged(before),
      ),
      assertMarked(plugins, before.id, etag),
      ...pluginRules(dialect, before.id, { now, cause }),
      ...sparing(before, now),
    ])
  }

const revokePluginTokens: Verb<'revokePluginTokens'> =
  ({ connection, dialect }) =>
  async (id, now, cause) => {
    const etag = newEtag()
    await connection.atomically([
      update(plugins, { generation: sql`generation + 1`, etag }, and(eq(plugins.id, id), isThere)),
      assertMarked(plugins, id, etag),
      ...pluginRules(dialect, id, { now, cause }),
    ])
  }

export const pluginVerbs = (context: Context): PluginStore => ({
  listPlugins: listPlugins(context),
  findPlugin: findPlugin(context),
  listDeletedPlugins: listDeletedPlugins(context),
  createPlugin: createPlugin(context),
  updatePlugin: updatePlugin(context),
  deletePlugin: deletePlugin(context),
  revokePluginTokens: revokePluginTokens(context),
})

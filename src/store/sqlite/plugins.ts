import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import { takesFromPlugin } from '../../grants/taking-away.ts'
import { plugins } from '../schema.sqlite.ts'
import type { Plugin, Store } from '../store.ts'
import { type Driver, type Statement, assert, newEtag } from './database.ts'
import { pluginRules } from './rules.ts'
import { reading, partByAge, readWalk, walkByAge } from './walk.ts'

type PluginVerbs = Pick<
  Store,
  'listPlugins' | 'findPlugin' | 'createPlugin' | 'updatePlugin' | 'revokePluginTokens'
>

export const pluginVerbs = ({ db, atomically }: Driver): PluginVerbs => {
  const changed = (id: string, etag: string): Statement =>
    assert(db, 'unchanged', sql`exists (select 1 from plugins where id = ${id} and etag = ${etag})`)

  return {
    async listPlugins({ ids, trust, capability } = {}, part = {}) {
      const filters = [
        trust && eq(plugins.trust, trust),
        capability === undefined
          ? undefined
          : sql`${capability} in (select value from json_each(${plugins.capabilities}))`,
      ]
      return await readWalk(
        db,
        walkByAge('plugins', { ids, filters }),
        partByAge<Plugin>(part, reading(db, getTableColumns(plugins))),
      )
    },

    async findPlugin(id) {
      const rows = await db.select().from(plugins).where(eq(plugins.id, id))
      return rows[0] ?? null
    },

    async createPlugin(plugin, now) {
      await db.insert(plugins).values({ ...plugin, etag: newEtag(), createdAt: now })
    },

    async updatePlugin(before, change, now) {
      const etag = newEtag()
      const takes = takesFromPlugin(before, change)
      await atomically([
        db
          .update(plugins)
          .set({ ...change, etag, ...(takes && { generation: sql`generation + 1` }) })
          .where(and(eq(plugins.id, before.id), eq(plugins.etag, before.etag))) as Statement,
        changed(before.id, etag),
        ...(takes ? pluginRules(db, before.id, now) : []),
      ])
    },

    async revokePluginTokens(id, now) {
      const etag = newEtag()
      await atomically([
        db
          .update(plugins)
          .set({ generation: sql`generation + 1`, etag })
          .where(eq(plugins.id, id)) as Statement,
        changed(id, etag),
        ...pluginRules(db, id, now),
      ])
    },
  }
}

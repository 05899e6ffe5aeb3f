// Cloudflare D1: the SQLite store, with batch() as the atomic step.
import { type AnyD1Database, drizzle } from 'drizzle-orm/d1'
import * as schema from './schema.sqlite.ts'
import { createSqliteStore } from './sqlite.ts'
import type { Database } from './sqlite/database.ts'
import type { Store } from './store.ts'

/** @param binding the D1 binding, migrated (`wrangler d1 migrations apply`) */
export const openD1Store = (binding: AnyD1Database): Store => {
  const db = drizzle(binding, { schema })
  return createSqliteStore({
    db: db as unknown as Database,
    async atomically([first, ...rest], beforeCommit) {
      if (first === undefined) return
      beforeCommit?.()
      await db.batch([first, ...rest])
    },
    async close() {},
  })
}

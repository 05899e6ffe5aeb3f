import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import { takesFromWorkspace } from '../../grants/taking-away.ts'
import { clients, workspaces } from '../schema.sqlite.ts'
import type { Store, Workspace } from '../store.ts'
import { type Driver, type Statement, assert, newEtag } from './database.ts'
import { workspaceRules } from './rules.ts'
import { beginUnusedAnew } from './secrets.ts'
import { reading, partByAge, readWalk, walkByAge } from './walk.ts'

type WorkspaceVerbs = Pick<
  Store,
  'listWorkspaces' | 'findWorkspace' | 'createWorkspace' | 'updateWorkspace'
>

export const workspaceVerbs = ({ db, atomically }: Driver): WorkspaceVerbs => ({
  async listWorkspaces({ ids, status } = {}, part = {}) {
    const filters = [status && eq(workspaces.status, status)]
    return await readWalk(
      db,
      walkByAge('workspaces', { ids, filters }),
      partByAge<Workspace>(part, reading(db, getTableColumns(workspaces))),
    )
  },

  async findWorkspace(id) {
    const rows = await db.select().from(workspaces).where(eq(workspaces.id, id))
    return rows[0] ?? null
  },

  async createWorkspace(workspace, now) {
    await db.insert(workspaces).values({ ...workspace, etag: newEtag(), createdAt: now })
  },

  async updateWorkspace(before, change, now) {
    const etag = newEtag()
    const takes = takesFromWorkspace(before, change)
    const resumed = change.status === 'active' && before.status !== 'active'
    await atomically([
      db
        .update(workspaces)
        .set({ ...change, etag, ...(takes && { generation: sql`generation + 1` }) })
        .where(and(eq(workspaces.id, before.id), eq(workspaces.etag, before.etag))) as Statement,
      assert(
        db,
        'unchanged',
        sql`exists (select 1 from workspaces where id = ${before.id} and etag = ${etag})`,
      ),
      ...(resumed ? [beginUnusedAnew(db, eq(clients.workspaceId, before.id), now)] : []),
      ...(takes ? workspaceRules(db, before, now) : []),
    ])
  },
})

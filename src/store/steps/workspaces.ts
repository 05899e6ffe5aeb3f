// Workspaces.
import { and, eq, sql } from 'drizzle-orm/sql'
import { takesFromWorkspace } from '../../grants/taking-away.ts'
import { clients } from '../tables/clients.ts'
import { columnsOf } from '../tables/column.ts'
import { workspaces } from '../tables/registry.ts'
import type { Workspace, WorkspaceStore } from '../types/workspaces.ts'
import type { Context, Verb } from './connection.ts'
import { readFirst, select } from './query.ts'
import { workspaceRules } from './rules.ts'
import { beginUnusedAnew } from './secrets.ts'
import { assertMarked, insert, newEtag, update } from './statements.ts'
import { partByAge, readWalk, reading, walkByAge } from './walk.ts'

const shown = columnsOf(workspaces)

const listWorkspaces: Verb<'listWorkspaces'> =
  (context) =>
  ({ ids, status } = {}, part = {}) => {
    const filters = [status && eq(workspaces.status, status)]
    const walk = walkByAge(context.dialect, 'workspaces', { ids, filters })
    return readWalk(context, walk, partByAge<Workspace>(part, reading(context, shown)))
  }

const findWorkspace: Verb<'findWorkspace'> =
  ({ connection }) =>
  (id) =>
    readFirst(connection, select(shown, sql`from ${workspaces} where ${eq(workspaces.id, id)}`))

const createWorkspace: Verb<'createWorkspace'> =
  ({ connection }) =>
  async (workspace, now) => {
    await connection.run(insert(workspaces, { ...workspace, etag: newEtag(), createdAt: now }))
  }

const updateWorkspace: Verb<'updateWorkspace'> =
  ({ connection, dialect }) =>
  async (before, change, now, cause) => {
    const etag = newEtag()
    const takes = takesFromWorkspace(before, change)
    const resumes = change.status === 'active' && before.status !== 'active'
    await connection.atomically([
      update(
        workspaces,
        { ...change, etag, ...(takes && { generation: sql`generation + 1` }) },
        and(eq(workspaces.id, before.id), eq(workspaces.etag, before.etag)),
      ),
      assertMarked(workspaces, before.id, etag),
      ...(resumes ? [beginUnusedAnew(dialect, eq(clients.workspaceId, before.id), now)] : []),
      ...(takes ? workspaceRules(dialect, before, { now, cause }) : []),
    ])
  }

export const workspaceVerbs = (context: Context): WorkspaceStore => ({
  listWorkspaces: listWorkspaces(context),
  findWorkspace: findWorkspace(context),
  createWorkspace: createWorkspace(context),
  updateWorkspace: updateWorkspace(context),
})

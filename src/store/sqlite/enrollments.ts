import { type SQL, and, eq, isNull, lt, sql } from 'drizzle-orm'
import { enrollments } from '../schema.sqlite.ts'
import type { Enrollment, Store } from '../store.ts'
import { newClient } from './clients.ts'
import { type Driver, type Statement, assert } from './database.ts'
import { BY_AGE, reading, partByAge, readWalk, walkByAge } from './walk.ts'

type EnrollmentVerbs = Pick<
  Store,
  | 'createEnrollment'
  | 'listEnrollments'
  | 'findEnrollment'
  | 'findEnrollmentByHash'
  | 'revokeEnrollment'
  | 'consumeEnrollment'
  | 'pruneEnrollments'
>

/** All but the hash. */
const shown = {
  id: enrollments.id,
  name: enrollments.name,
  workspaceId: enrollments.workspaceId,
  plugins: enrollments.plugins,
  grants: enrollments.grants,
  details: enrollments.details,
  unusedAfter: enrollments.unusedAfter,
  createdAt: enrollments.createdAt,
  expiresAt: enrollments.expiresAt,
  usedAt: enrollments.usedAt,
  revokedAt: enrollments.revokedAt,
  clientId: enrollments.clientId,
  createdBy: enrollments.createdBy,
  createdByGeneration: enrollments.createdByGeneration,
}

const isOpen = (id: string): SQL | undefined =>
  and(eq(enrollments.id, id), isNull(enrollments.usedAt), isNull(enrollments.revokedAt))

/** Whoever made it may still log in, and nothing has been taken from them since. */
const makerUnchanged = sql`(created_by is null or exists (
  select 1 from clients c left join workspaces w on w.id = c.workspace_id
  where c.id = created_by and c.generation = created_by_generation and c.status = 'active'
    and coalesce(w.status, 'active') = 'active'))`

export const enrollmentVerbs = ({ db, atomically }: Driver): EnrollmentVerbs => {
  const find = async (where: SQL) =>
    (await db.select(shown).from(enrollments).where(where))[0] ?? null

  return {
    async createEnrollment(enrollment, now) {
      await db.insert(enrollments).values({ ...enrollment, createdAt: now })
    },

    async listEnrollments({ workspaceId } = {}, part = {}) {
      const table = 'enrollments'
      const walk =
        workspaceId === undefined
          ? walkByAge(table, { filters: [] })
          : {
              ...BY_AGE,
              table,
              index: 'enrollments_workspace_age',
              filters: [],
              within: [eq(enrollments.workspaceId, workspaceId)],
            }
      return await readWalk(db, walk, partByAge<Enrollment>(part, reading(db, shown)))
    },

    findEnrollment: (id) => find(eq(enrollments.id, id)),

    findEnrollmentByHash: (hash) => find(eq(enrollments.hash, hash)),

    async revokeEnrollment(id, now) {
      await atomically([
        // Before the update, which would make it true.
        assert(db, 'unchanged', sql`exists (select 1 from enrollments where ${isOpen(id)})`),
        db.update(enrollments).set({ revokedAt: now }).where(isOpen(id)) as Statement,
      ])
    },

    async consumeEnrollment(id, client, now) {
      await atomically([
        assert(
          db,
          'unchanged',
          sql`exists (select 1 from enrollments
            where ${isOpen(id)} and expires_at > ${now} and ${makerUnchanged})`,
        ),
        ...newClient(db, client, now),
        db
          .update(enrollments)
          .set({ usedAt: now, clientId: client.id })
          .where(isOpen(id)) as Statement,
      ])
    },

    async pruneEnrollments(endedBefore) {
      await db.delete(enrollments).where(lt(enrollments.expiresAt, endedBefore))
    },
  }
}

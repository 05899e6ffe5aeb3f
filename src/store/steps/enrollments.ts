// Enrollments.
import { type SQL, and, eq, isNull, lt, sql } from 'drizzle-orm/sql'
import { enrollments } from '../tables/clients.ts'
import type { Enrollment, EnrollmentStore } from '../types/enrollments.ts'
import { newClient } from './clients.ts'
import type { Connection, Context, Verb } from './connection.ts'
import { readFirst, select } from './query.ts'
import { assert, deleteFrom, insert, update } from './statements.ts'
import { BY_AGE, partByAge, readWalk, reading, walkByAge } from './walk.ts'

/** All columns except the hash. */
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

/** True while the administrator who made it can log in, and has lost nothing since. */
export const isMakerUnchanged = sql`(created_by is null or exists (
  select 1 from clients c left join workspaces w on w.id = c.workspace_id
  where c.id = created_by and c.generation = created_by_generation and c.status = 'active'
    and coalesce(w.status, 'active') = 'active'))`

const createEnrollment: Verb<'createEnrollment'> =
  ({ connection }) =>
  async (enrollment, now) => {
    await connection.run(insert(enrollments, { ...enrollment, createdAt: now }))
  }

const listEnrollments: Verb<'listEnrollments'> =
  (context) =>
  ({ workspaceId } = {}, part = {}) => {
    const table = 'enrollments'
    const walk =
      workspaceId === undefined
        ? walkByAge(context.dialect, table, { filters: [] })
        : {
            ...BY_AGE,
            table,
            index: 'enrollments_workspace_age',
            filters: [],
            within: [eq(enrollments.workspaceId, workspaceId)],
          }
    return readWalk(context, walk, partByAge<Enrollment>(part, reading(context, shown)))
  }

const find = (connection: Connection, where: SQL): Promise<Enrollment | null> =>
  readFirst(connection, select(shown, sql`from ${enrollments} where ${where}`))

const revokeEnrollment: Verb<'revokeEnrollment'> =
  ({ connection }) =>
  async (id, now) => {
    await connection.atomically([
      // The assertion comes before the update, which closes the enrollment.
      assert('unchanged', sql`exists (select 1 from enrollments where ${isOpen(id)})`),
      update(enrollments, { revokedAt: now }, isOpen(id)),
    ])
  }

const consumeEnrollment: Verb<'consumeEnrollment'> =
  ({ connection, dialect }) =>
  async (id, client, now) => {
    await connection.atomically([
      assert(
        'unchanged',
        sql`exists (select 1 from enrollments
          where ${isOpen(id)} and expires_at > ${now} and ${isMakerUnchanged})`,
      ),
      ...newClient(dialect, client, now),
      update(enrollments, { usedAt: now, clientId: client.id }, isOpen(id)),
    ])
  }

const pruneEnrollments: Verb<'pruneEnrollments'> =
  ({ connection }) =>
  async (endedBefore) => {
    await connection.run(deleteFrom(enrollments, lt(enrollments.expiresAt, endedBefore)))
  }

export const enrollmentVerbs = (context: Context): EnrollmentStore => ({
  createEnrollment: createEnrollment(context),
  listEnrollments: listEnrollments(context),
  findEnrollment: (id) => find(context.connection, eq(enrollments.id, id)),
  findEnrollmentByHash: (hash) => find(context.connection, eq(enrollments.hash, hash)),
  revokeEnrollment: revokeEnrollment(context),
  consumeEnrollment: consumeEnrollment(context),
  pruneEnrollments: pruneEnrollments(context),
})

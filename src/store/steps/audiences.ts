// Audiences and their permissions.
import { and, eq, sql } from 'drizzle-orm/sql'
import { ADMIN_AUDIENCE } from '../../constants.ts'
import { permissionsTaken } from '../../grants/taking-away.ts'
import { clientGrants } from '../tables/clients.ts'
import { columnsOf } from '../tables/column.ts'
import { audiences, permissions } from '../tables/registry.ts'
import type { Audience, AudienceStore, NewAudience, Permission } from '../types/audiences.ts'
import { assertAdministrable } from './administrators.ts'
import { permissionsField } from './aggregates.ts'
import type { Context, Statement, Verb } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { inList, jsonOf } from './lists.ts'
import { readFirst, select } from './query.ts'
import { clientRules, markedWith, raiseClients } from './rules.ts'
import { assertMarked, deleteFrom, insert, insertFrom, newEtag, update } from './statements.ts'
import { partByAge, readWalk, reading, walkByAge } from './walk.ts'

const shownBy = (dialect: Dialect) => ({
  ...columnsOf(audiences),
  permissions: permissionsField(dialect, audiences.id),
})

/** Writes the permissions as declared: adds new ones, and gives existing ones the new implications and order. */
const writePermissions = ({ json }: Dialect, id: string, declared: Permission[]): Statement =>
  insertFrom(
    permissions,
    ['audienceId', 'name', 'position', 'implies'],
    sql`select ${id}, ${json.text(sql`value`, 'name')}, key, ${json.member(sql`value`, 'implies')}
      from ${json.objects(jsonOf(declared))} where true
      on conflict (audience_id, name) do update
        set position = excluded.position, implies = excluded.implies`,
  )

export const newAudience = (
  dialect: Dialect,
  { permissions: declared, ...audience }: NewAudience,
  now: number,
): Statement[] => [
  insert(audiences, { ...audience, etag: newEtag(), createdAt: now }),
  writePermissions(dialect, audience.id, declared),
]

/** Removes permissions from every client that has them. */
const removePermissions = (dialect: Dialect, id: string, names: string[]): Statement[] => {
  const listed = inList(dialect, jsonOf(names))
  return [
    deleteFrom(clientGrants, sql`audience_id = ${id} and permission ${listed}`),
    deleteFrom(permissions, sql`audience_id = ${id} and name ${listed}`),
  ]
}

const listAudiences: Verb<'listAudiences'> =
  (context) =>
  ({ ids, requiresPlugin, algorithm } = {}, part = {}) => {
    const filters = [
      requiresPlugin === undefined ? undefined : eq(audiences.requiresPlugin, requiresPlugin),
      algorithm && eq(audiences.algorithm, algorithm),
    ]
    const walk = walkByAge(context.dialect, 'audiences', { ids, filters })
    const shown = shownBy(context.dialect)
    return readWalk(context, walk, partByAge<Audience>(part, reading(context, shown)))
  }

const findAudience: Verb<'findAudience'> =
  ({ connection, dialect }) =>
  (id) =>
    readFirst(
      connection,
      select(shownBy(dialect), sql`from ${audiences} where ${eq(audiences.id, id)}`),
    )

const createAudience: Verb<'createAudience'> =
  ({ connection, dialect }) =>
  async (audience, now) => {
    await connection.atomically(newAudience(dialect, audience, now))
  }

/** Names of the permissions that a declaration leaves out. */
const removedBy = (before: Audience, declared: Permission[] | undefined): string[] => {
  if (declared === undefined) return []
  const kept = new Set(declared.map(({ name }) => name))
  return before.permissions.map(({ name }) => name).filter((name) => !kept.has(name))
}

const updateAudience: Verb<'updateAudience'> =
  ({ connection, dialect }) =>
  async (before, { permissions: declared, ...change }, now, cause) => {
    const etag = newEtag()
    const taken = permissionsTaken(before, {
      ...change,
      ...(declared && { permissions: declared }),
    })
    const holders = sql`id in (select client_id from client_grants
      where audience_id = ${before.id} and permission ${inList(dialect, jsonOf(taken))})`
    await connection.atomically([
      update(
        audiences,
        { ...change, etag },
        and(eq(audiences.id, before.id), eq(audiences.etag, before.etag)),
      ),
      assertMarked(audiences, before.id, etag),
      raiseClients(holders, etag),
      ...clientRules(dialect, markedWith(etag), { now, cause }),
      ...removePermissions(dialect, before.id, removedBy(before, declared)),
      ...(declared ? [writePermissions(dialect, before.id, declared)] : []),
      ...(before.id === ADMIN_AUDIENCE ? [assertAdministrable()] : []),
    ])
  }

export const audienceVerbs = (context: Context): AudienceStore => ({
  listAudiences: listAudiences(context),
  findAudience: findAudience(context),
  createAudience: createAudience(context),
  updateAudience: updateAudience(context),
})

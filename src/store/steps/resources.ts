// Resources: the registry of what authorization details point at.
import { type SQL, and, eq, sql } from 'drizzle-orm/sql'
import { clientDetails } from '../tables/clients.ts'
import { resources } from '../tables/registry.ts'
import type { Position } from '../types/lists.ts'
import type { Resource, ResourceFilter, ResourceStore } from '../types/resources.ts'
import type { Context, Statement, Verb } from './connection.ts'
import { grantsPart, pointingAt, withoutParts } from './details.ts'
import type { Dialect } from './dialect.ts'
import { isWord } from './literals.ts'
import { type Query, computed, prepared, readFirst, select } from './query.ts'
import { remembering } from './remembering.ts'
import { type Made, clientRules, markedWith, raiseClients } from './rules.ts'
import { assert, deleteFrom, insert, newEtag, update } from './statements.ts'
import { type Walk, readWalk, reading } from './walk.ts'

const shown = {
  type: resources.type,
  id: resources.id,
  workspaceId: resources.workspaceId,
  parts: resources.parts,
  etag: resources.etag,
  createdAt: resources.createdAt,
}

/** The condition of the indexes of active resources, in the same words: written out, not bound. */
const isActive = sql`${resources.status} = 'active'`

/** Chooses the index that has exactly the resources that fit. */
const walkOf = ({ type, workspaceId }: ResourceFilter): Walk => {
  const ofWorkspace = workspaceId === undefined ? [] : [eq(resources.workspaceId, workspaceId)]
  const ofType = type === undefined ? [] : [eq(resources.type, type)]
  const filtered = [workspaceId && 'workspace', type && 'type'].filter(Boolean)
  return {
    table: 'resources',
    index: ['resources', ...filtered, 'age'].join('_'),
    filters: [],
    within: [isActive, ...ofWorkspace, ...ofType],
    ...(type === undefined
      ? { order: ['created_at', 'type', 'id'], start: [-1, '', ''] }
      : { order: ['created_at', 'id'], start: [-1, ''] }),
  }
}

/** The place of a position whose id is `TYPE ID`. Type and id have no spaces. */
const placeBehind = ({ createdAt, id: name }: Position, { order }: Walk) => {
  const [type = '', id = ''] = name.split(' ')
  return order.length === 3 ? [createdAt, type, id] : [createdAt, id]
}

/** True for a resource that is still what the caller has read. */
const isUnchanged = ({ type, id, etag }: Resource): SQL | undefined =>
  and(isActive, eq(resources.type, type), eq(resources.id, id), eq(resources.etag, etag))

/** Asserts that an earlier statement of the step has changed the resource. */
const assertChanged = ({ type, id }: Resource, etag: string): Statement =>
  assert(
    'unchanged',
    sql`exists (select 1 from resources where type = ${type} and id = ${id} and etag = ${etag})`,
  )

/** Revokes the tokens of the clients whose details `where` finds. */
const revokeTokens = (dialect: Dialect, where: SQL, made: Made): Statement[] => {
  const mark = newEtag()
  return [
    raiseClients(sql`id in (select client_id from client_details where ${where})`, mark),
    ...clientRules(dialect, markedWith(mark), made),
  ]
}

const listResources: Verb<'listResources'> =
  (context) =>
  (filter = {}, { after, limit } = {}) => {
    const walk = walkOf(filter)
    return readWalk<Resource>(context, walk, {
      limit,
      placeOf: ({ createdAt, type, id }) => placeBehind({ createdAt, id: `${type} ${id}` }, walk),
      after: after && placeBehind(after, walk),
      read: reading(context, shown),
    })
  }

const findResource: Verb<'findResource'> = ({ connection }) => {
  const isAsked = and(
    isActive,
    eq(resources.type, sql.placeholder('type')),
    eq(resources.id, sql.placeholder('id')),
  )
  const find = prepared(connection, select(shown, sql`from ${resources} where ${isAsked}`))
  return async (type, id) => {
    const [resource] = await find({ type, id })
    return resource ?? null
  }
}

const findDeletedResource: Verb<'findDeletedResource'> =
  ({ connection }) =>
  (type, id) => {
    const isAsked = and(eq(resources.type, type), eq(resources.id, id))
    const where = and(isAsked, isWord(resources.status, 'deleted'))
    return readFirst(connection, select(shown, sql`from ${resources} where ${where}`))
  }

/** Finds the types by leaps from one to the next: the cost does not grow with the number of resources. */
const typesOf = ({ readBy }: Dialect): Query<{ type: string }> => {
  const source = readBy('resources', 'resources_type_age')
  return select(
    { type: computed<string>(sql`type`) },
    sql`from (with recursive found(type) as (
        select min(type) from ${source} where status = 'active'
        union all
        select (select min(type) from ${source}
          where status = 'active' and type > found.type) from found where type is not null)
      select type from found where type is not null) types`,
  )
}

const listResourceTypes: Verb<'listResourceTypes'> = ({ connection, dialect }) => {
  const find = prepared(connection, typesOf(dialect))
  const types = remembering(connection, async (_all: 'all') => {
    const rows = await find({})
    return rows.map(({ type }) => type).sort()
  })
  return () => types('all')
}

const createResource: Verb<'createResource'> =
  ({ connection }) =>
  async (resource, now) => {
    await connection.run(insert(resources, { ...resource, etag: newEtag(), createdAt: now }))
  }

const updateResource: Verb<'updateResource'> =
  ({ connection, dialect }) =>
  async (before, parts, now, cause) => {
    const etag = newEtag()
    const kept = new Set(parts)
    const taken = before.parts.filter((part) => !kept.has(part))
    const losing = sql`${pointingAt(before)} and ${grantsPart(dialect, taken)}`
    await connection.atomically([
      update(resources, { parts, etag }, isUnchanged(before)),
      assertChanged(before, etag),
      ...(taken.length === 0 ? [] : revokeTokens(dialect, losing, { now, cause })),
      withoutParts(dialect, taken, pointingAt(before)),
    ])
  }

const deleteResource: Verb<'deleteResource'> =
  ({ connection, dialect }) =>
  async (before, now, cause) => {
    const etag = newEtag()
    await connection.atomically([
      update(resources, { status: 'deleted', parts: [], etag }, isUnchanged(before)),
      assertChanged(before, etag),
      ...revokeTokens(dialect, pointingAt(before), { now, cause }),
      deleteFrom(clientDetails, sql`${pointingAt(before)} and identifier = ${before.id}`),
    ])
  }

export const resourceVerbs = (context: Context): ResourceStore => ({
  listResources: listResources(context),
  findResource: findResource(context),
  findDeletedResource: findDeletedResource(context),
  listResourceTypes: listResourceTypes(context),
  createResource: createResource(context),
  updateResource: updateResource(context),
  deleteResource: deleteResource(context),
})

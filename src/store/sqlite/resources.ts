// The registry of what authorization details point at.
import { type SQL, and, eq, sql } from 'drizzle-orm'
import { TOOL_RUN } from '../../grants/details.ts'
import { clientDetails, resources } from '../schema.sqlite.ts'
import type { AuthorizationDetail, Position, Resource, ResourceFilter, Store } from '../store.ts'
import {
  type Database,
  type Driver,
  type Statement,
  assert,
  newEtag,
  remembering,
} from './database.ts'
import { clientRules, markedWith, raiseClients } from './rules.ts'
import { type Walk, reading, readWalk } from './walk.ts'

type ResourceVerbs = Pick<
  Store,
  | 'listResources'
  | 'findResource'
  | 'listResourceTypes'
  | 'createResource'
  | 'updateResource'
  | 'deleteResource'
>

const shown = {
  type: resources.type,
  id: resources.id,
  workspaceId: resources.workspaceId,
  parts: resources.parts,
  etag: resources.etag,
  createdAt: resources.createdAt,
}

/**
 * Replaces the details of a client. What they point at is looked up again in the same step: it may have gone
 * since whoever writes them had looked.
 */
export const writeDetails = (
  db: Database,
  clientId: string,
  details: readonly AuthorizationDetail[],
): Statement[] => [
  db.delete(clientDetails).where(eq(clientDetails.clientId, clientId)) as Statement,
  db.insert(clientDetails).select(sql`
    select ${clientId}, key, json_extract(value, '$.type'), json_extract(value, '$.identifier'), value
    from json_each(${JSON.stringify(details)})`) as Statement,
  assert(
    db,
    'unchanged',
    sql`not exists (${danglingDetails(clientId)}) and not exists (${danglingParts(clientId)})`,
  ),
]

/** Details of a client whose target is not in its workspace. */
const danglingDetails = (clientId: string): SQL => sql`
  select 1 from client_details d join clients c on c.id = d.client_id
    left join resources r on r.type = d.type and r.id = d.identifier
      and r.status = 'active' and r.workspace_id = c.workspace_id
  where d.client_id = ${clientId} and d.type <> ${TOOL_RUN} and d.identifier <> '*' and r.id is null`

/**
 * Parts in the details of a client that their target does not have. The known parts depend on no outer row, so
 * SQLite lists them once and looks each part up.
 */
const danglingParts = (clientId: string): SQL => sql`
  select 1 from client_details d, json_each(d.entry, '$.parts') part
  where d.client_id = ${clientId} and d.type <> ${TOOL_RUN} and d.identifier <> '*'
    and json_type(d.entry, '$.parts') = 'array'
    and (d.type, d.identifier, part.value) not in (
      select r.type, r.id, known.value
      from resources r, json_each(r.parts) known
      where (r.type, r.id) in (
        select type, identifier from client_details where client_id = ${clientId}))`

/** Written out, not bound: the indexes of active resources say the same. */
const isActive = sql`${resources.status} = 'active'`

/** Chooses the index that has just the resources that fit. */
const walkOf = ({ type, workspaceId }: ResourceFilter): Walk => {
  const ofWorkspace = workspaceId === undefined ? [] : [eq(resources.workspaceId, workspaceId)]
  const ofType = type === undefined ? [] : [eq(resources.type, type)]
  const given = [workspaceId && 'workspace', type && 'type'].filter(Boolean)
  return {
    table: 'resources',
    index: ['resources', ...given, 'age'].join('_'),
    filters: [],
    within: [isActive, ...ofWorkspace, ...ofType],
    ...(type === undefined
      ? { order: ['created_at', 'type', 'id'], start: [-1, '', ''] }
      : { order: ['created_at', 'id'], start: [-1, ''] }),
  }
}

/** Where a list goes on behind `TYPE ID`: neither has a space. */
const placeBehind = ({ createdAt, id: name }: Position, { order }: Walk) => {
  const [type = '', id = ''] = name.split(' ')
  return order.length === 3 ? [createdAt, type, id] : [createdAt, id]
}

/** Details that point at a resource, or at any of its type in its workspace. */
const pointingAt = ({ type, id, workspaceId }: Resource): SQL => sql`
  type = ${type} and identifier in (${id}, '*')
  and client_id in (select id from clients where workspace_id = ${workspaceId})`

/** Of a detail, that it grants one of these parts, or all. */
const grantsPart = (parts: readonly string[]): SQL => sql`(
  json_extract(entry, '$.parts') = '*' or exists (
    select 1 from json_each(entry, '$.parts') part
    where part.value in (select value from json_each(${JSON.stringify(parts)}))))`

export const resourceVerbs = (driver: Driver): ResourceVerbs => {
  const { db, atomically } = driver
  const active = (where?: SQL) => and(isActive, where)
  const one = db
    .select(shown)
    .from(resources)
    .where(
      active(
        and(eq(resources.type, sql.placeholder('type')), eq(resources.id, sql.placeholder('id'))),
      ),
    )
    .prepare()
  /** From one type to the next, whatever the number of resources. */
  const types = db
    .select({ type: sql<string>`type` })
    .from(
      sql`(with recursive found(type) as (
        select min(type) from resources indexed by resources_type_age where status = 'active'
        union all
        select (select min(type) from resources indexed by resources_type_age
          where status = 'active' and type > found.type) from found where type is not null)
      select type from found where type is not null)`,
    )
    .prepare()

  const isSame = ({ type, id, etag }: Resource) =>
    active(and(eq(resources.type, type), eq(resources.id, id), eq(resources.etag, etag)))

  const changed = ({ type, id }: Resource, etag: string): Statement =>
    assert(
      db,
      'unchanged',
      sql`exists (select 1 from resources where type = ${type} and id = ${id} and etag = ${etag})`,
    )

  /** Kills the tokens of the clients whose details \`where\` finds. */
  const kill = (where: SQL, now: number): Statement[] => {
    const mark = newEtag()
    return [
      raiseClients(db, sql`id in (select client_id from client_details where ${where})`, mark),
      ...clientRules(db, markedWith(mark), now),
    ]
  }

  return {
    async listResources(filter = {}, { after, limit } = {}) {
      const walk = walkOf(filter)
      const placeOf = ({ createdAt, type, id }: Resource) =>
        placeBehind({ createdAt, id: `${type} ${id}` }, walk)
      return await readWalk(db, walk, {
        limit,
        placeOf,
        after: after && placeBehind(after, walk),
        read: reading(db, shown),
      })
    },

    async findResource(type, id) {
      const rows: Resource[] = await one.all({ type, id })
      return rows[0] ?? null
    },

    listResourceTypes: remembering(driver, async (_all: 'all') => {
      const rows: { type: string }[] = await types.all()
      return rows.map(({ type }) => type).sort()
    }) as () => Promise<string[]>,

    async createResource(resource, now) {
      await db.insert(resources).values({ ...resource, etag: newEtag(), createdAt: now })
    },

    async updateResource(before, parts, now) {
      const etag = newEtag()
      const kept = new Set(parts)
      const taken = before.parts.filter((part) => !kept.has(part))
      const losing = sql`${pointingAt(before)} and ${grantsPart(taken)}`
      await atomically([
        db.update(resources).set({ parts, etag }).where(isSame(before)) as Statement,
        changed(before, etag),
        ...(taken.length === 0 ? [] : kill(losing, now)),
        // What is left of a list may be nothing; it never becomes "all".
        db
          .update(clientDetails)
          .set({
            entry: sql`json_set(entry, '$.parts', (select json_group_array(value)
              from json_each(entry, '$.parts')
              where value not in (select value from json_each(${JSON.stringify(taken)}))))`,
          })
          .where(sql`${pointingAt(before)} and json_type(entry, '$.parts') = 'array'`) as Statement,
      ])
    },

    async deleteResource(before, now) {
      const etag = newEtag()
      await atomically([
        db
          .update(resources)
          .set({ status: 'deleted', parts: [], etag })
          .where(isSame(before)) as Statement,
        changed(before, etag),
        ...kill(pointingAt(before), now),
        db
          .delete(clientDetails)
          .where(sql`${pointingAt(before)} and identifier = ${before.id}`) as Statement,
      ])
    },
  }
}

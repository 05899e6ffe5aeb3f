import { and, eq, sql } from 'drizzle-orm'
import type { Algorithm } from '../../signing/algorithms.ts'
import { permissionsTaken } from '../../grants/taking-away.ts'
import { audiences, clientGrants, permissions } from '../schema.sqlite.ts'
import type { Audience, NewAudience, Permission, Store } from '../store.ts'
import { ADMIN_AUDIENCE } from '../../constants.ts'
import { assertAdministrable } from './administrators.ts'
import { type Database, type Driver, type Statement, assert, inList, newEtag } from './database.ts'
import { clientRules, markedWith, raiseClients } from './rules.ts'
import { reading, partByAge, readWalk, walkByAge } from './walk.ts'

type AudienceVerbs = Pick<
  Store,
  'listAudiences' | 'findAudience' | 'createAudience' | 'updateAudience'
>

const permissionsJson = sql`(
  select json_group_array(json_object('name', p.name, 'implies', json(p.implies)) order by p.position)
  from permissions p where p.audience_id = audiences.id)`.mapWith(
  (text) => JSON.parse(text as string) as Permission[],
)

/** The permissions as declared: new ones are added, known ones take the new implications and order. */
const writePermissions = (db: Database, id: string, declared: Permission[]): Statement =>
  db.insert(permissions).select(sql`
    select ${id}, json_extract(value, '$.name'), key, json_extract(value, '$.implies')
    from json_each(${JSON.stringify(declared)}) where true
    on conflict (audience_id, name) do update set position = excluded.position, implies = excluded.implies`) as Statement

export const newAudience = (
  db: Database,
  { permissions: declared, ...audience }: NewAudience,
  now: number,
): Statement[] => [
  db.insert(audiences).values({ ...audience, etag: newEtag(), createdAt: now }) as Statement,
  writePermissions(db, audience.id, declared),
]

const shown = {
  id: audiences.id,
  requiresPlugin: audiences.requiresPlugin,
  tokenTtl: audiences.tokenTtl,
  algorithm: sql<Algorithm>`${audiences.algorithm}`,
  permissions: permissionsJson,
  etag: audiences.etag,
  createdAt: audiences.createdAt,
}

export const audienceVerbs = ({ db, atomically }: Driver): AudienceVerbs => {
  /** Takes `names` from all who hold them. */
  const removePermissions = (id: string, names: string[]): Statement[] => [
    db
      .delete(clientGrants)
      .where(sql`audience_id = ${id} and permission ${inList(names)}`) as Statement,
    db.delete(permissions).where(sql`audience_id = ${id} and name ${inList(names)}`) as Statement,
  ]

  return {
    async listAudiences({ ids, requiresPlugin, algorithm } = {}, part = {}) {
      const filters = [
        requiresPlugin === undefined ? undefined : eq(audiences.requiresPlugin, requiresPlugin),
        algorithm && eq(audiences.algorithm, algorithm),
      ]
      return await readWalk(
        db,
        walkByAge('audiences', { ids, filters }),
        partByAge<Audience>(part, reading(db, shown)),
      )
    },

    async findAudience(id) {
      const rows: Audience[] = await db.select(shown).from(audiences).where(eq(audiences.id, id))
      return rows[0] ?? null
    },

    async createAudience(audience, now) {
      await atomically(newAudience(db, audience, now))
    },

    async updateAudience(before, { permissions: declared, ...change }, now) {
      const etag = newEtag()
      const taken = permissionsTaken(before, {
        ...change,
        ...(declared && { permissions: declared }),
      })
      const kept = new Set(declared?.map(({ name }) => name))
      const removed = declared
        ? before.permissions.map((p) => p.name).filter((n) => !kept.has(n))
        : []
      const holders = sql`id in (select client_id from client_grants
        where audience_id = ${before.id} and permission ${inList(taken)})`
      await atomically([
        db
          .update(audiences)
          .set({ ...change, etag })
          .where(and(eq(audiences.id, before.id), eq(audiences.etag, before.etag))) as Statement,
        assert(
          db,
          'unchanged',
          sql`exists (select 1 from audiences where id = ${before.id} and etag = ${etag})`,
        ),
        raiseClients(db, holders, etag),
        ...clientRules(db, markedWith(etag), now),
        ...removePermissions(before.id, removed),
        ...(declared ? [writePermissions(db, before.id, declared)] : []),
        ...(before.id === ADMIN_AUDIENCE ? [assertAdministrable(db)] : []),
      ])
    },
  }
}

// Lists of a client or an audience as values of its row, so that one statement reads both. SQL gives them in no order:
// an ORDER BY costs SQLite a temporary table at every execution. The decoders sort.
import { type SQLWrapper, type SQL, sql } from 'drizzle-orm/sql'
import { clients } from '../tables/clients.ts'
import type { Permission } from '../types/audiences.ts'
import type { Grant } from '../types/clients.ts'
import type { AuthorizationDetail } from '../types/resources.ts'
import type { Dialect } from './dialect.ts'
import { type Field, computedJson } from './query.ts'

type Positioned = { position: number }

const byPosition = (a: Positioned, b: Positioned): number => a.position - b.position

/** Ids are ASCII, so this is the order of the database, too. */
const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

type DeclaredPermission = Permission & Positioned

/** The permissions of an audience. */
export const permissionList = ({ json }: Dialect, audienceId: SQLWrapper): SQL => sql`(
  select ${json.list(
    json.object({
      name: sql`p.name`,
      implies: json.stored(sql`p.implies`),
      position: sql`p.position`,
    }),
  )} from permissions p where p.audience_id = ${audienceId})`

/** The permissions of an audience, in the order of declaration. */
export const inDeclaredOrder = (permissions: readonly DeclaredPermission[]): Permission[] =>
  permissions.toSorted(byPosition).map(({ name, implies }) => ({ name, implies }))

export const permissionsField = (dialect: Dialect, audienceId: SQLWrapper): Field<Permission[]> => {
  const list = computedJson<DeclaredPermission[]>(permissionList(dialect, audienceId))
  return { ...list, decode: (value) => inDeclaredOrder(list.decode(value)) }
}

const sortedTexts = (list: SQL): Field<string[]> => {
  const field = computedJson<string[]>(list)
  return { ...field, decode: (value) => field.decode(value).toSorted(byText) }
}

type GrantedPermission = Positioned & { audience: string; name: string }

const grantsFrom = (granted: readonly GrantedPermission[]): Grant[] => {
  const grants = new Map<string, string[]>()
  for (const { audience, name } of granted.toSorted(byPosition)) {
    grants.set(audience, [...(grants.get(audience) ?? []), name])
  }
  return [...grants]
    .map(([audience, permissions]) => ({ audience, permissions }))
    .toSorted((a, b) => byText(a.audience, b.audience))
}

const grantsField = ({ json }: Dialect): Field<Grant[]> => {
  const granted = json.object({
    audience: sql`g.audience_id`,
    name: sql`g.permission`,
    position: sql`p.position`,
  })
  const list = computedJson<GrantedPermission[]>(sql`(
    select ${json.list(granted)} from client_grants g
      join permissions p on p.audience_id = g.audience_id and p.name = g.permission
    where g.client_id = ${clients.id})`)
  return { ...list, decode: (value) => grantsFrom(list.decode(value)) }
}

const detailsField = ({ json }: Dialect): Field<AuthorizationDetail[]> => {
  const detail = json.object({ position: sql`position`, entry: json.stored(sql`entry`) })
  const list = computedJson<(Positioned & { entry: AuthorizationDetail })[]>(sql`(
    select ${json.list(detail)} from client_details where client_id = ${clients.id})`)
  return {
    ...list,
    decode: (value) =>
      list
        .decode(value)
        .toSorted(byPosition)
        .map(({ entry }) => entry),
  }
}

/** The lists of a client, for a statement that reads `clients`. */
export const clientLists = (dialect: Dialect) => ({
  plugins: sortedTexts(sql`(
    select ${dialect.json.list(sql`plugin_id`)} from client_plugins where client_id = ${clients.id})`),
  grants: grantsField(dialect),
  introspects: sortedTexts(sql`(
    select ${dialect.json.list(sql`audience_id`)} from client_introspects
    where client_id = ${clients.id})`),
  details: detailsField(dialect),
})

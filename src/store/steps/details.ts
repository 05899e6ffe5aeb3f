// Authorization details of a client, and the resources that they point at.
import { type SQL, eq, sql } from 'drizzle-orm/sql'
import { TOOL_RUN } from '../../grants/details.ts'
import { clientDetails } from '../tables/clients.ts'
import type { AuthorizationDetail, Resource } from '../types/resources.ts'
import type { Statement } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { inList, jsonOf } from './lists.ts'
import { assert, deleteFrom, insertFrom, update } from './statements.ts'

const PARTS = 'parts'

/**
 * Replaces the details of a client. The same step looks up their targets again: a target may have been deleted since
 * the caller looked it up.
 */
export const writeDetails = (
  dialect: Dialect,
  clientId: string,
  details: readonly AuthorizationDetail[],
): Statement[] => {
  const { json } = dialect
  const type = json.text(sql`value`, 'type')
  const identifier = json.text(sql`value`, 'identifier')
  return [
    deleteFrom(clientDetails, eq(clientDetails.clientId, clientId)),
    insertFrom(
      clientDetails,
      ['clientId', 'position', 'type', 'identifier', 'entry'],
      sql`select ${clientId}, key, ${type}, ${identifier}, value from ${json.objects(jsonOf(details))}`,
    ),
    assert(
      'unchanged',
      sql`not exists (${danglingDetails(clientId)}) and not exists (${danglingParts(dialect, clientId)})`,
    ),
  ]
}

/** Selects details of a client whose target is not in its workspace. */
const danglingDetails = (clientId: string): SQL => sql`
  select 1 from client_details d join clients c on c.id = d.client_id
    left join resources r on r.type = d.type and r.id = d.identifier
      and r.status = 'active' and r.workspace_id = c.workspace_id
  where d.client_id = ${clientId} and d.type <> ${TOOL_RUN} and d.identifier <> '*' and r.id is null`

/**
 * Selects parts in the details of a client that their target does not have. The parts of the targets depend on no outer
 * row, so SQLite lists them once and looks each part up.
 */
const danglingParts = ({ json }: Dialect, clientId: string): SQL => sql`
  select 1 from client_details d, ${json.memberTexts(sql`d.entry`, PARTS, 'part')}
  where d.client_id = ${clientId} and d.type <> ${TOOL_RUN} and d.identifier <> '*'
    and ${json.hasList(sql`d.entry`, PARTS)}
    and (d.type, d.identifier, part.value) not in (
      select r.type, r.id, offered.value
      from resources r, ${json.texts(sql`r.parts`, 'offered')}
      where (r.type, r.id) in (
        select type, identifier from client_details where client_id = ${clientId}))`

/** Finds details that point at a resource, or at all resources of its type in its workspace. */
export const pointingAt = ({ type, id, workspaceId }: Resource): SQL => sql`
  type = ${type} and identifier in (${id}, '*')
  and client_id in (select id from clients where workspace_id = ${workspaceId})`

/** True for a detail that grants one of these parts, or all parts. */
export const grantsPart = (dialect: Dialect, parts: readonly string[]): SQL => {
  const { json } = dialect
  return sql`(${json.text(sql`entry`, PARTS)} = '*' or exists (
    select 1 from ${json.memberTexts(sql`entry`, PARTS, 'part')}
    where part.value ${inList(dialect, jsonOf(parts))}))`
}

/** Removes parts from the details that `where` finds. A list may become empty: it grants nothing then, and not all. */
export const withoutParts = (dialect: Dialect, parts: readonly string[], where: SQL): Statement => {
  const { json } = dialect
  const kept = sql`(select ${json.list(sql`value`)} from ${json.memberTexts(sql`entry`, PARTS)}
    where value not ${inList(dialect, jsonOf(parts))})`
  return update(
    clientDetails,
    { entry: json.withMember(sql`entry`, PARTS, kept) },
    sql`${where} and ${json.hasList(sql`entry`, PARTS)}`,
  )
}

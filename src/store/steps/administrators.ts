// The last administrator: a step that would leave the server without one is undone.
import { type SQL, sql } from 'drizzle-orm/sql'
import { ADMIN_AUDIENCE, ADMIN_READ, ADMIN_WRITE } from '../../constants.ts'
import type { Statement } from './connection.ts'
import { assert } from './statements.ts'

/** True for a client whose grants make it an unbound administrator, whether or not it can log in. */
export const isAdministrator = (clientId: string): SQL => sql`exists (
  select 1 from clients c join client_grants g on g.client_id = c.id
  where c.id = ${clientId} and c.workspace_id is null
    and g.audience_id = ${ADMIN_AUDIENCE} and g.permission = ${ADMIN_WRITE})`

/** True for a plugin that no unbound administrator acts for. */
export const hasNoAdministrator = (pluginId: string): SQL => sql`not exists (
  select 1 from client_plugins cp join clients c on c.id = cp.client_id
    join client_grants g on g.client_id = c.id
  where cp.plugin_id = ${pluginId} and c.workspace_id is null
    and g.audience_id = ${ADMIN_AUDIENCE} and g.permission = ${ADMIN_WRITE})`

/**
 * True while an unbound administrator can log in for good. Some administrators do not count:
 *
 * - with a secret that expires: everyone would be locked out later instead of now
 * - without an active plugin, if the audience requires one or the client has one plugin alone: it gets no token
 * - with permission to write and not to read: it cannot give itself that permission
 * - with a quota: the counter is in memory, and some platforms have none
 */
const someoneCanLogIn = sql`exists (
  select 1 from clients c
    join client_grants g on g.client_id = c.id
    join client_secrets s on s.client_id = c.id
    join audiences a on a.id = g.audience_id
  where c.workspace_id is null and c.status = 'active'
    and g.audience_id = ${ADMIN_AUDIENCE} and g.permission = ${ADMIN_WRITE}
    and exists (select 1 from client_grants r where r.client_id = c.id
      and r.audience_id = ${ADMIN_AUDIENCE} and r.permission = ${ADMIN_READ})
    and c.quota_per_minute is null
    and s.revoked_at is null and s.expires_at is null
    and (exists (select 1 from client_plugins cp join plugins p on p.id = cp.plugin_id
        where cp.client_id = c.id and p.status = 'active')
      or (not a.requires_plugin
        and (select count(*) from client_plugins cp where cp.client_id = c.id) <> 1)))`

/**
 * Undoes a step that would leave no unbound administrator who can log in for good. It is part of the step itself, so
 * that two processes cannot each remove one of the last two.
 */
export const assertAdministrable = (unless: SQL = sql`false`): Statement =>
  assert('administrable', sql`${unless} or ${someoneCanLogIn}`)

import { type SQL, sql } from 'drizzle-orm'
import { ADMIN_AUDIENCE, ADMIN_READ, ADMIN_WRITE } from '../../constants.ts'
import { type Database, type Statement, assert } from './database.ts'

/** True for a client that is an unbound administrator by its grants, whether or not it can log in. */
export const isAdministrator = (clientId: string): SQL => sql`exists (
  select 1 from clients c join client_grants g on g.client_id = c.id
  where c.id = ${clientId} and c.workspace_id is null
    and g.audience_id = ${ADMIN_AUDIENCE} and g.permission = ${ADMIN_WRITE})`

/**
 * A secret that ends by itself does not count: it would lock everyone out later instead of now. Nor does a
 * client that gets no token because the audience needs a plugin, that could change but not look (it could not
 * give itself that), or that has a quota, which is counted in memory and on some platforms not at all.
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
    and (not a.requires_plugin or exists (select 1 from client_plugins p where p.client_id = c.id)))`

/**
 * Takes a step back that would leave no unbound administrator who can log in for good. Part of the step
 * itself, so that two processes cannot each remove one of the last two.
 */
export const assertAdministrable = (db: Database, unless: SQL = sql`false`): Statement =>
  assert(db, 'administrable', sql`${unless} or ${someoneCanLogIn}`)

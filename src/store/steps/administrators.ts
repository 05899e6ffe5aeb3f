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

/** True while an unbound administrator has such a secret and quota, and no plugin that `isActive` rejects bars it. */
const someoneLogsIn = ({
  hasAccess,
  isActive,
}: {
  hasAccess: SQL
  isActive: SQL
}): SQL => sql`exists (
  select 1 from clients c
    join client_grants g on g.client_id = c.id
    join client_secrets s on s.client_id = c.id
    join audiences a on a.id = g.audience_id
  where c.workspace_id is null and c.status = 'active'
    and g.audience_id = ${ADMIN_AUDIENCE} and g.permission = ${ADMIN_WRITE}
    and exists (select 1 from client_grants r where r.client_id = c.id
      and r.audience_id = ${ADMIN_AUDIENCE} and r.permission = ${ADMIN_READ})
    and s.revoked_at is null and ${hasAccess}
    and (exists (select 1 from client_plugins cp join plugins p on p.id = cp.plugin_id
        where cp.client_id = c.id and ${isActive})
      or (not a.requires_plugin
        and (select count(*) from client_plugins cp where cp.client_id = c.id) <> 1)))`

const FOR_GOOD = sql`(c.quota_per_minute is null and s.expires_at is null)`
const ACTIVE = sql`p.status = 'active'`

/**
 * True while an unbound administrator can log in for good. Some administrators do not count:
 *
 * - with a secret that expires: everyone would be locked out later instead of now
 * - without an active plugin, if the audience requires one or the client has one plugin alone: it gets no token
 * - with permission to write and not to read: it cannot give itself that permission
 * - with a quota: the counter is in memory, and some platforms have none
 */
const someoneCanLogIn = someoneLogsIn({ hasAccess: FOR_GOOD, isActive: ACTIVE })

/**
 * Undoes a step that would leave no unbound administrator who can log in for good. It is part of the step itself, so
 * that two processes cannot each remove one of the last two.
 */
export const assertAdministrable = (unless: SQL = sql`false`): Statement =>
  assert('administrable', sql`${unless} or ${someoneCanLogIn}`)

/**
 * Undoes the end of an active plugin that takes the last unbound administrator away: the last one that can log in for
 * good, or, where there was none, the last one that can log in now. A plugin that takes none away can always be ended:
 * it may be compromised, and administrators may all have secrets that expire.
 */
export const assertPluginSpared = (pluginId: string, now: number): Statement => {
  const wasActive = sql`(${ACTIVE} or p.id = ${pluginId})`
  const isNow = sql`(s.expires_at is null or s.expires_at > ${now})`
  const keeps = (hasAccess: SQL): SQL =>
    sql`(not ${someoneLogsIn({ hasAccess, isActive: wasActive })} or ${someoneLogsIn({ hasAccess, isActive: ACTIVE })})`
  return assert('administrable', sql`${keeps(FOR_GOOD)} and ${keeps(isNow)}`)
}

// The read that explains a refused credential, for the log. It costs the same for a known and an
// unknown client id.
import { sql } from 'drizzle-orm/sql'
import { clientSecrets, clients } from '../tables/clients.ts'
import { workspaces } from '../tables/registry.ts'
import type { Verb } from './connection.ts'
import { computed, prepared, select } from './query.ts'

const HASH = sql.placeholder('hash')

/**
 * The client of the id; for an unknown id the next one in the order of ids, after the last one the
 * first one. Some client is read in every case. The aggregate evaluates both of its rows, so that
 * an id after the last one does not show.
 */
const nearestId = sql`(select max(id) from (
  select min(id) as id from clients
  union all select min(id) from clients where id >= ${sql.placeholder('clientId')}) ids)`

/**
 * A client id in a form that no index has: the search is by the hash, and a client's number of
 * secrets does not show.
 */
const unindexed = (column: string) => sql`${sql.raw(column)} || ''`

const QUERY = select(
  {
    id: clients.id,
    status: clients.status,
    workspace: { optional: { status: workspaces.status } },
    secret: {
      optional: {
        id: clientSecrets.id,
        expiresAt: clientSecrets.expiresAt,
        revokedAt: clientSecrets.revokedAt,
      },
    },
    registered: computed<string | null>(sql`(select c.id from clients c
      where c.registration_hash = ${HASH} and ${unindexed('c.id')} = ${clients.id})`),
  },
  sql`from ${clients}
    left join ${workspaces} on ${workspaces.id} = ${clients.workspaceId}
    left join ${clientSecrets} on ${clientSecrets.hash} = ${HASH}
      and ${unindexed('client_secrets.client_id')} = ${clients.id}
    where ${clients.id} = ${nearestId}`,
)

export const explainRefusal: Verb<'explainRefusal'> = ({ connection }) => {
  const find = prepared(connection, QUERY)
  return async (clientId, hash) => {
    const [row] = await find({ clientId, hash })
    if (row?.id !== clientId) return null
    const { status, workspace, secret, registered } = row
    return {
      status,
      workspaceStatus: workspace?.status ?? null,
      secret: secret && { expiresAt: secret.expiresAt, revokedAt: secret.revokedAt },
      hasRegistrationToken: registered !== null,
    }
  }
}

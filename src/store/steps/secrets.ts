// Client secrets: live ones, their expiry, their last use.
import { type SQL, and, eq, gt, isNull, or, sql } from 'drizzle-orm/sql'
import { MAX_LIVE_SECRETS, UNUSED_GRACE_SECONDS } from '../../constants.ts'
import { clientSecrets } from '../tables/clients.ts'
import type { NewSecret, SecretStore } from '../types/secrets.ts'
import { assertAdministrable, isAdministrator } from './administrators.ts'
import { recordedAt, settledAt } from './clock.ts'
import type { Context, Statement, Verb } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { computed, readAll, select } from './query.ts'
import { assert, insert, update } from './statements.ts'

/** Includes expired secrets: one that only looks expired, by a clock that is ahead, is to be ended all the same. */
const notRevoked = (clientId: string): SQL | undefined =>
  and(eq(clientSecrets.clientId, clientId), isNull(clientSecrets.revokedAt))

const live = (clientId: string, now: number): SQL | undefined =>
  and(notRevoked(clientId), or(isNull(clientSecrets.expiresAt), gt(clientSecrets.expiresAt, now)))

/** The earliest time at which a reported use can have happened, also where the clock was behind then. */
const earliestUse = sql`${settledAt} - ${UNUSED_GRACE_SECONDS}`

/** All columns except the hash. */
const shown = {
  id: clientSecrets.id,
  clientId: clientSecrets.clientId,
  name: clientSecrets.name,
  hint: clientSecrets.hint,
  createdAt: clientSecrets.createdAt,
  expiresAt: clientSecrets.expiresAt,
  revokedAt: clientSecrets.revokedAt,
  lastUsedAt: clientSecrets.lastUsedAt,
}

export const insertSecret = (clientId: string, secret: NewSecret, now: number): Statement =>
  insert(clientSecrets, { ...secret, clientId, createdAt: now })

/**
 * Begins the time without a login anew, for clients that can log in again: while they could not, it was not their
 * choice. Stamps all their secrets, ended ones included, because the last secret may have ended meanwhile.
 */
export const beginUnusedAnew = (dialect: Dialect, which: SQL, now: number): Statement =>
  update(
    clientSecrets,
    { lastUsedAt: dialect.greatest(sql`coalesce(last_used_at, 0)`, recordedAt(dialect, now)) },
    sql`${clientSecrets.clientId} in
      (select id from clients where ${which} and unused_after is not null)`,
  )

const listSecrets: Verb<'listSecrets'> =
  ({ connection, dialect }) =>
  async (clientId, now) => {
    const { expiresAt } = clientSecrets
    const source = dialect.readBy('client_secrets', 'client_secrets_live')
    const ending = (end: SQL) =>
      select(shown, sql`from ${source} where ${and(notRevoked(clientId), end)}`)
    const endless = ending(isNull(expiresAt))
    const { statement, decode } = ending(gt(expiresAt, now))
    const both = sql`${endless.statement} union all ${statement}`
    const rows = await readAll(connection, { statement: both, decode })
    return rows.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
  }

const findLastUses: Verb<'findLastUses'> =
  ({ connection, dialect: { json } }) =>
  async (clientIds) => {
    const at = sql`(select max(last_used_at) from client_secrets where client_id = value)`
    const ids = json.texts(sql`${JSON.stringify(clientIds)}`)
    const query = select(
      { clientId: computed<string>(sql`value`), at: computed<number | null>(at) },
      sql`from ${ids}`,
    )
    const rows = await readAll(connection, query)
    return rows.flatMap(({ clientId, at: usedAt }) =>
      usedAt === null ? [] : [{ clientId, at: usedAt }],
    )
  }

const addSecret: Verb<'addSecret'> =
  ({ connection }) =>
  async (clientId, secret, previousExpiresAt, now) => {
    const endsLater = or(
      isNull(clientSecrets.expiresAt),
      gt(clientSecrets.expiresAt, previousExpiresAt),
    )
    await connection.atomically([
      update(clientSecrets, { expiresAt: previousExpiresAt }, and(notRevoked(clientId), endsLater)),
      insertSecret(clientId, secret, now),
      // A client that was deleted after the caller had read it gets no secret.
      assert(
        'unchanged',
        sql`exists (select 1 from clients where id = ${clientId} and status <> 'deleted')`,
      ),
      assert(
        'within_limit',
        sql`(select count(*) from client_secrets where ${live(clientId, now)}) <= ${MAX_LIVE_SECRETS}`,
      ),
      assertAdministrable(sql`not ${isAdministrator(clientId)}`),
    ])
  }

const touchSecrets: Verb<'touchSecrets'> =
  ({ connection, dialect: { json, greatest } }) =>
  async (used) => {
    const at = greatest(json.integer(sql`value`, 'at'), earliestUse)
    await connection.run(sql`update client_secrets set last_used_at = used.at
      from (select ${json.text(sql`value`, 'id')} as id, ${at} as at
        from ${json.objects(sql`${JSON.stringify(used)}`)}) used
      where client_secrets.id = used.id and coalesce(last_used_at, 0) < used.at`)
  }

const revokeSecret: Verb<'revokeSecret'> =
  ({ connection }) =>
  async (clientId, secretId, now) => {
    await connection.atomically([
      update(
        clientSecrets,
        { revokedAt: now },
        and(notRevoked(clientId), eq(clientSecrets.id, secretId)),
      ),
      assertAdministrable(sql`not ${isAdministrator(clientId)}`),
    ])
  }

export const secretVerbs = (context: Context): SecretStore => ({
  listSecrets: listSecrets(context),
  findLastUses: findLastUses(context),
  addSecret: addSecret(context),
  touchSecrets: touchSecrets(context),
  revokeSecret: revokeSecret(context),
})

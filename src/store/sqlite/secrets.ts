import { type SQL, and, eq, gt, isNull, or, sql } from 'drizzle-orm'
import { MAX_LIVE_SECRETS, UNUSED_GRACE_SECONDS } from '../../constants.ts'
import { clientSecrets } from '../schema.sqlite.ts'
import type { NewSecret, Store } from '../store.ts'
import { assertAdministrable, isAdministrator } from './administrators.ts'
import { recordedAt, settledAt } from './clock.ts'
import { type Database, type Driver, type Statement, assert } from './database.ts'
import { columnsIn } from './walk.ts'

type SecretVerbs = Pick<Store, 'listSecrets' | 'addSecret' | 'touchSecrets' | 'revokeSecret'>

/** Expired or not: a secret that only looks expired, by a clock that is ahead, is ended all the same. */
const notRevoked = (clientId: string): SQL | undefined =>
  and(eq(clientSecrets.clientId, clientId), isNull(clientSecrets.revokedAt))

const live = (clientId: string, now: number): SQL | undefined =>
  and(notRevoked(clientId), or(isNull(clientSecrets.expiresAt), gt(clientSecrets.expiresAt, now)))

/** When a secret that is reported as used was used at the earliest, also where the clock was behind then. */
const writtenWithin = sql`${settledAt} - ${UNUSED_GRACE_SECONDS}`

/** All but the hash. */
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

export const insertSecret = (
  db: Database,
  clientId: string,
  secret: NewSecret,
  now: number,
): Statement =>
  db.insert(clientSecrets).values({ ...secret, clientId, createdAt: now }) as Statement

/**
 * Clients that can log in again count as used now: while they could not, the time without a login was not theirs.
 * Stamped on all their secrets, the ended ones too: a client whose last secret ended meanwhile waits for another.
 */
export const beginUnusedAnew = (db: Database, which: SQL, now: number): Statement =>
  db
    .update(clientSecrets)
    .set({ lastUsedAt: sql`max(coalesce(last_used_at, 0), ${recordedAt(now)})` })
    .where(
      sql`${clientSecrets.clientId} in
        (select id from clients where ${which} and unused_after is not null)`,
    ) as Statement

export const secretVerbs = ({ db, atomically }: Driver): SecretVerbs => ({
  async listSecrets(clientId, now) {
    const having = (end: SQL) =>
      db
        .select(columnsIn(shown))
        .from(sql`${clientSecrets} indexed by client_secrets_live`)
        .where(and(eq(clientSecrets.clientId, clientId), isNull(clientSecrets.revokedAt), end))
    const { expiresAt } = clientSecrets
    const rows = await having(isNull(expiresAt)).unionAll(having(gt(expiresAt, now)))
    return rows.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
  },

  async addSecret(clientId, secret, previousExpiresAt, now) {
    await atomically([
      db
        .update(clientSecrets)
        .set({ expiresAt: previousExpiresAt })
        .where(
          and(
            notRevoked(clientId),
            or(isNull(clientSecrets.expiresAt), gt(clientSecrets.expiresAt, previousExpiresAt)),
          ),
        ) as Statement,
      insertSecret(db, clientId, secret, now),
      // A tombstone takes none: it was deleted after whoever adds this one had looked.
      assert(
        db,
        'unchanged',
        sql`exists (select 1 from clients where id = ${clientId} and status <> 'deleted')`,
      ),
      assert(
        db,
        'within_limit',
        sql`(select count(*) from client_secrets where ${live(clientId, now)}) <= ${MAX_LIVE_SECRETS}`,
      ),
      assertAdministrable(db, sql`not ${isAdministrator(clientId)}`),
    ])
  },

  async touchSecrets(used) {
    await db.run(sql`update client_secrets set last_used_at = used.at
      from (select json_extract(value, '$.id') as id,
        max(json_extract(value, '$.at'), ${writtenWithin}) as at
        from json_each(${JSON.stringify(used)})) used
      where client_secrets.id = used.id and coalesce(last_used_at, 0) < used.at`)
  },

  async revokeSecret(clientId, secretId, now) {
    await atomically([
      db
        .update(clientSecrets)
        .set({ revokedAt: now })
        .where(and(notRevoked(clientId), eq(clientSecrets.id, secretId))) as Statement,
      assertAdministrable(db, sql`not ${isAdministrator(clientId)}`),
    ])
  },
})

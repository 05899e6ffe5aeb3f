// The store on SQLite, one implementation for better-sqlite3 and Cloudflare D1.
import { eq, sql } from 'drizzle-orm'
import { OperationRefused } from '../errors.ts'
import { revocationCounter, workspaces } from './schema.sqlite.ts'
import { auditVerbs } from './sqlite/audit.ts'
import { audienceVerbs, newAudience } from './sqlite/audiences.ts'
import { clientVerbs, newClient } from './sqlite/clients.ts'
import { clockVerbs, newClock } from './sqlite/clock.ts'
import { type Driver, type Statement, newEtag } from './sqlite/database.ts'
import { enrollmentVerbs } from './sqlite/enrollments.ts'
import { storeError, withStoreErrors } from './sqlite/errors.ts'
import { epochVerbs } from './sqlite/epoch.ts'
import { fillPlaces, keyVerbs } from './sqlite/keys.ts'
import { pluginVerbs } from './sqlite/plugins.ts'
import { resourceVerbs } from './sqlite/resources.ts'
import { revocationVerbs } from './sqlite/revocations.ts'
import { runVerbs } from './sqlite/runs.ts'
import { secretVerbs } from './sqlite/secrets.ts'
import { tokenVerbs } from './sqlite/tokens.ts'
import { workspaceVerbs } from './sqlite/workspaces.ts'
import type { Seed, Store } from './store.ts'

type LifecycleVerbs = Pick<Store, 'isInitialized' | 'bootstrap' | 'ping' | 'close'>

const lifecycleVerbs = ({ db, atomically, close }: Driver): LifecycleVerbs => {
  /** The first statement fails on a database that has been filled, and takes the rest back. */
  const fill = (seed: Seed, now: number): Statement[] => [
    db.insert(revocationCounter).values({
      id: 1,
      seq: 0,
      epoch: newEtag(),
      noWorkspaceRef: seed.noWorkspaceRef,
    }) as Statement,
    newClock(db, now),
    db
      .insert(workspaces)
      .values({ ...seed.workspace, etag: newEtag(), createdAt: now }) as Statement,
    ...seed.audiences.flatMap((audience) => newAudience(db, audience, now)),
    ...fillPlaces(db, seed.keys, now),
    ...(seed.administrator ? newClient(db, seed.administrator, now) : []),
  ]

  const isInitialized = async (): Promise<boolean> => {
    const rows = await db.select().from(revocationCounter).where(eq(revocationCounter.id, 1))
    return rows.length > 0
  }

  return {
    isInitialized,

    async bootstrap(seed, now, beforeCommit) {
      if (await isInitialized()) return false
      try {
        await atomically(fill(seed, now), beforeCommit)
        return true
      } catch (error) {
        const known = storeError(error)
        const taken = known instanceof OperationRefused && known.code === 'already_exists'
        if (taken && (await isInitialized())) return false // another was faster
        throw known
      }
    },

    async ping() {
      await db.select({ one: sql<number>`1` }).from(revocationCounter)
    },

    close,
  }
}

export const createSqliteStore = (driver: Driver): Store =>
  withStoreErrors({
    ...lifecycleVerbs(driver),
    ...tokenVerbs(driver),
    ...keyVerbs(driver),
    ...epochVerbs(driver),
    ...revocationVerbs(driver),
    ...runVerbs(driver),
    ...resourceVerbs(driver),
    ...workspaceVerbs(driver),
    ...audienceVerbs(driver),
    ...pluginVerbs(driver),
    ...clientVerbs(driver),
    ...enrollmentVerbs(driver),
    ...secretVerbs(driver),
    ...clockVerbs(driver),
    ...auditVerbs(driver),
  })

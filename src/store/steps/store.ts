// The store: every verb on a connection and a dialect, throwing only our own errors.
import { eq, sql } from 'drizzle-orm/sql'
import { OperationRefused } from '../../errors.ts'
import type { LifecycleStore, Seed, Store } from '../store.ts'
import { workspaces } from '../tables/registry.ts'
import { revocationCounter } from '../tables/revocations.ts'
import { auditVerbs } from './audit.ts'
import { audienceVerbs, newAudience } from './audiences.ts'
import { clientVerbs, newClient } from './clients.ts'
import { clockVerbs, newClock } from './clock.ts'
import type { Context, Statement } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { enrollmentVerbs } from './enrollments.ts'
import { storeError, withStoreErrors } from './errors.ts'
import { fillPlaces, keyVerbs } from './keys.ts'
import { pluginVerbs } from './plugins.ts'
import { readFirst, select } from './query.ts'
import { resourceVerbs } from './resources.ts'
import { revocationVerbs } from './revocations.ts'
import { runVerbs } from './runs.ts'
import { secretVerbs } from './secrets.ts'
import { insert, newEtag } from './statements.ts'
import { tokenVerbs } from './tokens.ts'
import { usableVerbs } from './usable.ts'
import { workspaceVerbs } from './workspaces.ts'

/** Fills an empty database. In any other the first statement fails, which undoes the rest. */
const filled = (dialect: Dialect, seed: Seed, now: number): Statement[] => [
  insert(revocationCounter, {
    id: 1,
    seq: 0,
    epoch: newEtag(),
    noWorkspaceRef: seed.noWorkspaceRef,
  }),
  newClock(now),
  insert(workspaces, { ...seed.workspace, etag: newEtag(), createdAt: now }),
  ...seed.audiences.flatMap((audience) => newAudience(dialect, audience, now)),
  ...fillPlaces(dialect, seed.keys, now),
  ...(seed.administrator ? newClient(dialect, seed.administrator, now) : []),
]

const lifecycleVerbs = ({ connection, dialect }: Context): LifecycleStore => {
  const isInitialized = async (): Promise<boolean> => {
    const { id } = revocationCounter
    const counter = select({ id }, sql`from ${revocationCounter} where ${eq(id, 1)}`)
    return (await readFirst(connection, counter)) !== null
  }

  return {
    isInitialized,

    async bootstrap(seed, now, beforeCommit) {
      if (await isInitialized()) return false
      try {
        await connection.atomically(filled(dialect, seed, now), beforeCommit)
        return true
      } catch (thrown) {
        const error = storeError(thrown, dialect)
        const isTaken = error instanceof OperationRefused && error.code === 'already_exists'
        if (isTaken && (await isInitialized())) return false // another process was faster
        throw thrown // `withStoreErrors` tries again if another process held the lock
      }
    },

    async ping() {
      await connection.run(sql`select 1 from ${revocationCounter}`)
    },

    close: () => connection.close(),
  }
}

export const createStore = (context: Context): Store =>
  withStoreErrors(
    {
      ...lifecycleVerbs(context),
      ...tokenVerbs(context),
      ...keyVerbs(context),
      ...revocationVerbs(context),
      ...runVerbs(context),
      ...resourceVerbs(context),
      ...workspaceVerbs(context),
      ...audienceVerbs(context),
      ...pluginVerbs(context),
      ...clientVerbs(context),
      ...enrollmentVerbs(context),
      ...secretVerbs(context),
      ...clockVerbs(context),
      ...usableVerbs(context),
      ...auditVerbs(context),
    },
    context.dialect,
  )

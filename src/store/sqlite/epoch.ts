// What a copy of an older state needs before it is used: generations and rules that were made after it are gone.
import { and, isNull, sql } from 'drizzle-orm'
import { enrollments, revocationCounter, serverClock } from '../schema.sqlite.ts'
import type { Store } from '../store.ts'
import { type Driver, type Statement, newEtag } from './database.ts'
import { revokedKeys } from './keys.ts'

export const epochVerbs = ({ db, atomically }: Driver): Pick<Store, 'beginEpoch'> => ({
  async beginEpoch(candidates, now) {
    await atomically([
      db.update(revocationCounter).set({ epoch: newEtag() }) as Statement,
      // Every token of before is dead with its key: none is left to be remembered by its time.
      db.update(serverClock).set({ latestAt: now, prunedUntil: 0 }) as Statement,
      ...revokedKeys(db, sql`true`, { candidates, now }),
      // Those that were used after the copy was made would be used twice.
      db
        .update(enrollments)
        .set({ revokedAt: now })
        .where(and(isNull(enrollments.usedAt), isNull(enrollments.revokedAt))) as Statement,
    ])
  },
})

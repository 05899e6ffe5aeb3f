// A new epoch, for the copy of an older state: it lacks the generations and the rules that were written after the copy.
import { and, isNull, sql } from 'drizzle-orm/sql'
import { enrollments } from '../tables/clients.ts'
import { revocationCounter } from '../tables/revocations.ts'
import { serverClock } from '../tables/server.ts'
import type { Verb } from './connection.ts'
import { revokedKeys } from './keys.ts'
import { newEtag, update } from './statements.ts'

export const beginEpoch: Verb<'beginEpoch'> =
  ({ connection, dialect }) =>
  async (candidates, now, cause) => {
    await connection.atomically([
      update(revocationCounter, { epoch: newEtag() }),
      // All earlier tokens end with their keys, so there is no time of theirs to remember.
      update(serverClock, { latestAt: now, prunedUntil: 0 }),
      ...revokedKeys(dialect, sql`true`, { candidates, now, cause }),
      // An enrollment that was used after the copy was made could be used again.
      update(
        enrollments,
        { revokedAt: now },
        and(isNull(enrollments.usedAt), isNull(enrollments.revokedAt)),
      ),
    ])
  }

import { firstKeys } from '../signing/provision.ts'
import { requireUnbound } from './authority.ts'
import { type AdminCall, auditedChange, now } from './operation.ts'

/**
 * What a restored backup needs before anybody trusts it: revocations that were made after it are gone, so every
 * key in it is revoked and followers of the list are told to begin anew (a new epoch).
 */
export const markRestored = (admin: AdminCall) =>
  auditedChange(admin, 'server.restored', null, async () => {
    requireUnbound(admin.authority)
    const { store, kek, algorithms } = admin.deps
    const [keys, enrollments] = [await store.listKeys(), await store.listEnrollments()]
    await store.beginEpoch(await firstKeys(algorithms, kek), now(admin))
    const { epoch } = await store.findRevocationHead()
    return {
      epoch,
      revoked_keys: keys.filter((key) => key.state !== 'revoked').map((key) => key.kid),
      revoked_enrollments: enrollments
        .filter((row) => row.usedAt === null && row.revokedAt === null)
        .map((row) => row.id),
    }
  })

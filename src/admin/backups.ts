// A database that was restored from a backup.
import { firstKeys } from '../signing/provision.ts'
import { requireUnbound } from './authority.ts'
import { type AdminCall, auditedChange, now } from './operation.ts'

/**
 * Makes a restored database safe. Revocations from after the backup are lost, so every key in it is revoked, and a new
 * epoch makes followers of the revocation list read it from the start.
 */
export const markRestored = (call: AdminCall) =>
  auditedChange(call, 'server.restored', null, async (_, cause) => {
    requireUnbound(call.authority)
    const { store, kek, algorithms } = call.deps
    const keys = await store.listKeys()
    const enrollments = await store.listEnrollments()
    await store.beginEpoch(await firstKeys(algorithms, kek), now(call), cause)
    const { epoch } = await store.findRevocationHead()
    return {
      epoch,
      revoked_keys: keys.filter((key) => key.state !== 'revoked').map((key) => key.kid),
      revoked_enrollments: enrollments
        .filter((row) => row.usedAt === null && row.revokedAt === null)
        .map((row) => row.id),
    }
  })

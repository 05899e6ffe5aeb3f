import { missingKeys, replacementsFor } from '../signing/keyring.ts'
import { newKey } from '../signing/wrapping.ts'
import { type Admin, change, notFound, now } from './operation.ts'
import { keyView } from './views.ts'

export const listKeys = async ({ deps }: Admin) => (await deps.store.listKeys()).map(keyView)

/** Takes a key out of the JWKS and kills every token that it has signed, for good. The next one signs. */
export const revokeKey = (admin: Admin, kid: string) =>
  change(admin, 'key.revoke', kid, async () => {
    const keys = await admin.deps.store.listKeys()
    if (!keys.some((key) => key.kid === kid)) throw notFound('key', kid)
    return await revoke(admin, [kid])
  })

/** Revokes every key there is; all tokens are dead and new keys sign. */
export const revokeAllKeys = (admin: Admin) =>
  change(admin, 'key.revoke_all', null, async () => {
    const keys = await admin.deps.store.listKeys()
    const kids = keys.filter((key) => key.state !== 'revoked').map((key) => key.kid)
    return await revoke(admin, kids)
  })

const revoke = async (admin: Admin, kids: string[]) => {
  const { store, kek, algorithms } = admin.deps
  const make = (names: ReturnType<typeof missingKeys>) =>
    Promise.all(names.map((name) => newKey(name, kek)))
  const replacements = await make(replacementsFor(await store.listKeys(), kids))
  await store.revokeKeys(kids, replacements, now(admin))
  // Another administrator may have emptied further places meanwhile.
  const missing = missingKeys(await store.listKeys(), algorithms)
  if (missing.length > 0) await store.addKeys(await make(missing), now(admin))
  return await listKeys(admin)
}

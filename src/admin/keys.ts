import { z } from 'zod'
import type { SigningKey } from '../store/store.ts'
import { missingKeys, replacementsFor } from '../signing/keyring.ts'
import { newKey } from '../signing/wrapping.ts'
import { requireUnbound } from './authority.ts'
import { algorithm } from './fields.ts'
import { type Admin, change, found, now, parse } from './operation.ts'
import { pageFields, pageOfRows } from './pages.ts'
import { keyView } from './views.ts'

export const keyQuery = z.strictObject({
  ...pageFields,
  state: z
    .enum(['next', 'active', 'retiring', 'revoked'], {
      error: 'must be next, active, retiring or revoked',
    })
    .optional(),
  algorithm: algorithm.optional(),
})

/** Keys belong to no workspace: a bound administrator sees none but those of the JWKS. */
export const listKeys = async (
  { deps, authority }: Admin,
  query: z.input<typeof keyQuery> = {},
) => {
  requireUnbound(authority)
  const { state, algorithm: wanted, ...page } = parse(keyQuery, query)
  const rows = (await deps.store.listKeys())
    .filter((key) => state === undefined || key.state === state)
    .filter((key) => wanted === undefined || key.algorithm === wanted)
    .map((key) => ({ ...key, id: key.kid }))
  return await pageOfRows({ ...page, list: 'keys' }, { rows, newestFirst: false, view: keyView })
}

export const showKey = async (admin: Admin, kid: string) => {
  requireUnbound(admin.authority)
  return keyView(await readKey(admin, kid))
}

/** Takes a key out of the JWKS and kills every token that it has signed, for good. The next one signs. */
export const revokeKey = (admin: Admin, kid: string) =>
  change(admin, 'key.revoke', kid, async () => {
    requireUnbound(admin.authority)
    await readKey(admin, kid)
    return await revoke(admin, [kid])
  })

/** Revokes every key there is; all tokens are dead and new keys sign. */
export const revokeAllKeys = (admin: Admin) =>
  change(admin, 'key.revoke_all', null, async () => {
    requireUnbound(admin.authority)
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

const readKey = async ({ deps }: Admin, kid: string): Promise<SigningKey> =>
  found((await deps.store.listKeys()).find((key) => key.kid === kid) ?? null, 'key', kid)

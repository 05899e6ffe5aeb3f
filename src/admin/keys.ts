import { z } from 'zod'
import type { SigningKey } from '../store/store.ts'
import { isGone, missingKeys, newSignersFor, replacementsFor } from '../signing/keyring.ts'
import { makeKeys } from '../signing/provision.ts'
import { settledSeconds } from '../upkeep/timekeeper.ts'
import { requireUnbound } from './authority.ts'
import { algorithm } from './fields.ts'
import { orNotFound } from './refusals.ts'
import { type AdminCall, auditedChange, now, parse, parseQuery } from './operation.ts'
import { pageFields, pageOfRows } from './pages.ts'
import { keyView } from './token-views.ts'

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
  { deps, authority }: AdminCall,
  query: z.input<typeof keyQuery> = {},
) => {
  requireUnbound(authority)
  const { state, algorithm: wanted, ...page } = parseQuery(keyQuery, query)
  const rows = (await currentKeys({ deps }))
    .filter((key) => state === undefined || key.state === state)
    .filter((key) => wanted === undefined || key.algorithm === wanted)
    .map((key) => ({ ...key, id: key.kid }))
  return await pageOfRows({ ...page, list: 'keys' }, { rows, newestFirst: false, view: keyView })
}

export const showKey = async (admin: AdminCall, kid: string) => {
  requireUnbound(admin.authority)
  return keyView(await readKey(admin, kid))
}

export const keyRevocation = z.strictObject({
  force_refetch: z
    .boolean()
    .meta({
      description:
        'A new key signs at once, so that gateways that only read the JWKS meet a `kid` that they do not know, fetch the JWKS, and drop the revoked key. A gateway that does not fetch it for an unknown `kid` refuses good tokens until its cached JWKS ends; one that pauses between fetches does for that long. Also for a key that was revoked before.',
    })
    .default(false),
})

/**
 * Takes a key out of the JWKS and kills every token that it has signed, for good. The next one signs, or with
 * `force_refetch` a new one.
 */
export const revokeKey = (
  admin: AdminCall,
  kid: string,
  input: z.input<typeof keyRevocation> = {},
) =>
  auditedChange(admin, 'key.revoke', kid, async () => {
    requireUnbound(admin.authority)
    const { force_refetch: signWithNew } = parse(keyRevocation, input)
    await readKey(admin, kid)
    return await revoke(admin, [kid], signWithNew)
  })

/** Revokes every key there is; all tokens are dead and new keys sign. */
export const revokeAllKeys = (admin: AdminCall) =>
  auditedChange(admin, 'key.revoke_all', null, async () => {
    requireUnbound(admin.authority)
    return await revoke(admin, 'all')
  })

/** The store decides what `all` is, in the step itself: no key that another process adds meanwhile is spared. */
const revoke = async (admin: AdminCall, kids: string[] | 'all', signWithNew = false) => {
  const { store, kek } = admin.deps
  const keys = await store.listKeys()
  const emptied = kids === 'all' ? keys.map(({ kid }) => kid) : kids
  const places = signWithNew ? newSignersFor(keys, emptied) : replacementsFor(keys, emptied)
  await store.revokeKeys(kids, await makeKeys(places, kek), now(admin), { signWithNew })
  await fillPlaces(admin) // another administrator may have emptied further ones meanwhile
  return await listKeys(admin)
}

/** @returns the keys there are, each algorithm with an active and a next one */
export const fillPlaces = async ({ deps }: Pick<AdminCall, 'deps'>): Promise<SigningKey[]> => {
  const missing = missingKeys(await deps.store.listKeys(), deps.algorithms)
  if (missing.length > 0) {
    await deps.store.addKeys(await makeKeys(missing, deps.kek), now({ deps }))
  }
  return await deps.store.listKeys()
}

/** Those whose time is over are gone, also while upkeep has not removed them yet. */
const currentKeys = async ({ deps }: Pick<AdminCall, 'deps'>): Promise<SigningKey[]> => {
  const [keys, settled] = [await deps.store.listKeys(), await settledSeconds(deps)]
  return keys.filter((key) => !isGone(key, settled))
}

const readKey = async (admin: Pick<AdminCall, 'deps'>, kid: string): Promise<SigningKey> =>
  orNotFound((await currentKeys(admin)).find((key) => key.kid === kid) ?? null, 'key', kid)

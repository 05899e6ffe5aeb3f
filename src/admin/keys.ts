import { z } from 'zod'
import type { Cause, SigningKey } from '../store/store.ts'
import { isGone, missingKeys, newSignersFor, replacementsFor } from '../signing/keyring.ts'
import { makeKeys } from '../signing/provision.ts'
import { settledSeconds } from '../upkeep/timekeeper.ts'
import { requireUnbound } from './authority.ts'
import { algorithm } from './fields.ts'
import { orNotFound } from './refusals.ts'
import { type AdminCall, auditedChange, now, parse, parseQuery } from './operation.ts'
import { pageFields, pageOfRows } from './pages.ts'
import { keyView } from './views/key.ts'

export const keyQuery = z.strictObject({
  ...pageFields,
  state: z
    .enum(['next', 'active', 'retiring', 'revoked'], {
      error: 'must be next, active, retiring or revoked',
    })
    .optional(),
  algorithm: algorithm.optional(),
})

/** Lists keys. They belong to no workspace: a bound administrator reads them in the JWKS only. */
export const listKeys = async (
  { deps, authority }: AdminCall,
  query: z.input<typeof keyQuery> = {},
) => {
  requireUnbound(authority)
  const { limit, cursor, ...filters } = parseQuery(keyQuery, query)
  const rows = (await currentKeys({ deps }))
    .filter((key) => filters.state === undefined || key.state === filters.state)
    .filter((key) => filters.algorithm === undefined || key.algorithm === filters.algorithm)
    .map((key) => ({ ...key, id: key.kid }))
  return await pageOfRows(
    { limit, cursor, list: 'keys' },
    { rows, newestFirst: false, view: keyView },
  )
}

export const showKey = async (call: AdminCall, kid: string) => {
  requireUnbound(call.authority)
  return keyView(await readKey(call, kid))
}

export const keyRevocation = z.strictObject({
  force_refetch: z
    .boolean()
    .meta({
      description:
        'A new key signs at once. Gateways that only read the JWKS receive an unknown `kid`, fetch the JWKS, and drop the revoked key. A gateway that does not fetch it for an unknown `kid` refuses good tokens until its cached JWKS expires; a gateway that pauses between fetches refuses them during the pause. A key that was revoked before can be named again.',
    })
    .default(false),
})

/**
 * Removes a key from the JWKS and revokes every token that it has signed, for good. The next key signs then, or with
 * `force_refetch` a new one.
 */
export const revokeKey = (
  call: AdminCall,
  kid: string,
  input: z.input<typeof keyRevocation> = {},
) =>
  auditedChange(call, 'key.revoke', kid, async (_, cause) => {
    requireUnbound(call.authority)
    const { force_refetch: signWithNew } = parse(keyRevocation, input)
    await readKey(call, kid)
    return await revoke(call, [kid], { signWithNew, cause })
  })

/** Revokes every key, and with them all tokens. New keys sign. */
export const revokeAllKeys = (call: AdminCall) =>
  auditedChange(call, 'key.revoke_all', null, async (_, cause) => {
    requireUnbound(call.authority)
    return await revoke(call, 'all', { cause })
  })

/** Revokes keys. The store resolves `all` within the step, so a key that another process adds meanwhile is included. */
const revoke = async (
  call: AdminCall,
  kids: string[] | 'all',
  { signWithNew = false, cause }: { signWithNew?: boolean; cause: Cause },
) => {
  const { store, kek } = call.deps
  const keys = await store.listKeys()
  const emptied = kids === 'all' ? keys.map(({ kid }) => kid) : kids
  const places = signWithNew ? newSignersFor(keys, emptied) : replacementsFor(keys, emptied)
  await store.revokeKeys(kids, await makeKeys(places, kek), now(call), { signWithNew, cause })
  await fillPlaces(call) // another administrator may have revoked further keys meanwhile
  return await listKeys(call)
}

/** Adds missing keys. @returns all keys; each algorithm has an active and a next one */
export const fillPlaces = async ({ deps }: Pick<AdminCall, 'deps'>): Promise<SigningKey[]> => {
  const missing = missingKeys(await deps.store.listKeys(), deps.algorithms)
  if (missing.length > 0) {
    await deps.store.addKeys(await makeKeys(missing, deps.kek), now({ deps }))
  }
  return await deps.store.listKeys()
}

/** Keys without those whose tokens have all expired, even before upkeep removes these. */
const currentKeys = async ({ deps }: Pick<AdminCall, 'deps'>): Promise<SigningKey[]> => {
  const keys = await deps.store.listKeys()
  const settled = await settledSeconds(deps)
  return keys.filter((key) => !isGone(key, settled))
}

const readKey = async (call: Pick<AdminCall, 'deps'>, kid: string): Promise<SigningKey> =>
  orNotFound((await currentKeys(call)).find((key) => key.kid === kid) ?? null, 'key', kid)

// Protection against privilege escalation: a bound administrator gets no access to a client with more grants or looser
// limits than its own client has.
import { heldLimits, loosened } from '../grants/limits.ts'
import type { Client } from '../store/store.ts'
import { checkGiven, givesMore } from './authority.ts'
import { fieldsRefused } from './refusals.ts'
import type { AdminCall } from './operation.ts'

type LimitedCall = Pick<AdminCall, 'authority' | 'deps'>

/**
 * Requires that the administrator could create this client itself. A new secret, or enabling the client, gives access
 * to everything that the client has.
 * @throws OperationRefused `exceeds_own_grant`
 */
export const checkWithinOwnGrant = async (call: LimitedCall, client: Client): Promise<void> => {
  checkGiven(call.authority, client)
  await checkTightness(call, client)
}

/**
 * Requires that a bound administrator gives a client only what its own client has, and nothing to a client with looser
 * limits: tokens with the added grant would have those limits.
 * @throws OperationRefused `exceeds_own_grant`
 */
export const checkAddition = async (
  call: LimitedCall,
  { before, after }: { before: Client; after: Client },
): Promise<void> => {
  checkGiven(call.authority, after, before)
  if (givesMore(after, before)) await checkTightness(call, after)
}

/** @throws OperationRefused `exceeds_own_grant`, naming the limit that is looser than the administrator's own */
const checkTightness = async ({ authority, deps }: LimitedCall, client: Client): Promise<void> => {
  if (authority.holds === null) return
  const grantedClient = await deps.store.findGrantedClient(client.id)
  const held = heldLimits({ ...client, limitedBy: grantedClient?.limitedBy ?? null })
  const field = loosened(authority.holds.heldLimits, held, deps.tokenTtlSeconds)
  if (field === null) return
  const detail = 'of this client is looser than the limit of your own client: tighten it first'
  throw fieldsRefused('exceeds_own_grant', [{ field, detail }])
}

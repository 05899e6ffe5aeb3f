// A client is worth what it is granted and the limits that it has: a bound administrator takes over none that is worth
// more than the administrator's own client.
import { heldLimits, loosened } from '../grants/limits.ts'
import type { Client } from '../store/store.ts'
import { checkGiven, givesMore } from './authority.ts'
import { fieldsRefused } from './refusals.ts'
import type { AdminCall } from './operation.ts'

type Asking = Pick<AdminCall, 'authority' | 'deps'>

/**
 * Requires that the administrator could make a client like this one: to log in as a client, or to let it log in again,
 * is worth all that it has.
 * @throws OperationRefused `exceeds_own_grant`
 */
export const checkWorth = async (admin: Asking, client: Client): Promise<void> => {
  checkGiven(admin.authority, client)
  await checkTightness(admin, client)
}

/**
 * Requires that a bound administrator gives to a client only what it holds itself, and no more to a client that has
 * looser limits: tokens with what is given would have those limits.
 * @throws OperationRefused `exceeds_own_grant`
 */
export const checkAddition = async (
  admin: Asking,
  { before, after }: { before: Client; after: Client },
): Promise<void> => {
  checkGiven(admin.authority, after, before)
  if (givesMore(after, before)) await checkTightness(admin, after)
}

/** @throws OperationRefused `exceeds_own_grant`, with the limit that is looser than the administrator's own */
const checkTightness = async ({ authority, deps }: Asking, client: Client): Promise<void> => {
  if (authority.holds === null) return
  const subject = await deps.store.findGrantedClient(client.id)
  const held = heldLimits({ ...client, limitedBy: subject?.limitedBy ?? null })
  const field = loosened(authority.holds.heldLimits, held, deps.tokenTtlSeconds)
  if (field === null) return
  const detail = 'of this client is looser than that of your own client: tighten it first'
  throw fieldsRefused('exceeds_own_grant', [{ field, detail }])
}

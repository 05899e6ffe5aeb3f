// The latest login of each client of a list.
import type { AdminCall } from './operation.ts'
import { timeOrNull } from './views/common.ts'

/** Adds `last_used_at` to the clients of a list: the latest login with any of their secrets. */
export const withLastUse = async <T extends { client_id: string }>(
  { deps }: AdminCall,
  clients: readonly T[],
) => {
  const uses = await deps.store.findLastUses(clients.map((client) => client.client_id))
  const usedAt = new Map(uses.map(({ clientId, at }) => [clientId, at]))
  return clients.map((client) => ({
    ...client,
    last_used_at: timeOrNull(usedAt.get(client.client_id) ?? null),
  }))
}

// Grants from a shell: what to add and what to remove, on top of what a client has.
import { z } from 'zod'
import type { Grant } from '../store/store.ts'
import { writeClient } from './clients.ts'
import { audienceId, chosenId, grants, listOf } from './fields.ts'
import { type AdminCall, auditedChange, parse } from './operation.ts'

const grantChange = z.strictObject({
  grants: grants.optional(),
  plugins: listOf(chosenId).optional(),
  remove_plugins: listOf(chosenId).optional(),
  introspects: listOf(audienceId).optional(),
  remove_introspects: listOf(audienceId).optional(),
})

/** Sets what the client may ask for at each audience that is named; no permissions take the audience away. */
export const grantClient = (admin: AdminCall, id: string, input: z.input<typeof grantChange>) =>
  auditedChange(admin, 'client.update', id, async () => {
    const fields = parse(grantChange, input)
    return await writeClient(admin, id, (before) => ({
      grants: mergeGrants(before.grants, fields.grants ?? []),
      plugins: merge(before.plugins, fields.plugins, fields.remove_plugins),
      introspects: merge(before.introspects, fields.introspects, fields.remove_introspects),
    }))
  })

const mergeGrants = (before: readonly Grant[], given: readonly Grant[]): Grant[] => {
  const named = new Set(given.map((grant) => grant.audience))
  return [...before.filter((grant) => !named.has(grant.audience)), ...given]
}

const merge = (before: string[], add: string[] = [], remove: string[] = []): string[] => {
  const removed = new Set(remove)
  return [...new Set([...before, ...add])].filter((item) => !removed.has(item))
}

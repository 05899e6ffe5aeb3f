// Grants that the command line adds to a client or removes from it.
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

/** Replaces the client's permissions at each audience of the input; an empty list removes the audience. */
export const grantClient = (call: AdminCall, id: string, input: z.input<typeof grantChange>) =>
  auditedChange(call, 'client.update', id, async () => {
    const fields = parse(grantChange, input)
    return await writeClient(call, id, (before) => ({
      grants: mergeGrants(before.grants, fields.grants ?? []),
      plugins: merge(before.plugins, fields.plugins, fields.remove_plugins),
      introspects: merge(before.introspects, fields.introspects, fields.remove_introspects),
    }))
  })

const mergeGrants = (before: readonly Grant[], replacing: readonly Grant[]): Grant[] => {
  const replaced = new Set(replacing.map((grant) => grant.audience))
  return [...before.filter((grant) => !replaced.has(grant.audience)), ...replacing]
}

const merge = (before: string[], add: string[] = [], remove: string[] = []): string[] => {
  const removed = new Set(remove)
  return [...new Set([...before, ...add])].filter((item) => !removed.has(item))
}

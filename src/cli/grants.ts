// Grants that a command adds to a client or removes from it: a read, and a change of the state that was read.
import type { InputOf, Perform } from '../admin/api/actions.ts'
import { retryOnConflict } from '../store/conflicts.ts'
import type { Grant } from '../store/store.ts'

type GrantChange = {
  grants?: Grant[]
  plugins?: string[]
  remove_plugins?: string[]
  introspects?: string[]
  remove_introspects?: string[]
}

/** Replaces the client's permissions at each audience of the change; an empty list removes the audience. */
export const grantClient = (perform: Perform, id: string, change: GrantChange) =>
  retryOnConflict(async () => {
    const { etag, ...before } = await perform('client.show', { client_id: id })
    const body: InputOf<'client.update'>['body'] = {
      grants: mergeGrants(before.grants, change.grants ?? []),
      plugins: merge(before.plugins, change.plugins, change.remove_plugins),
      introspects: merge(before.introspects, change.introspects, change.remove_introspects),
    }
    return await perform('client.update', { client_id: id, body }, { ifMatch: etag })
  })

const mergeGrants = (before: readonly Grant[], replacing: readonly Grant[]): Grant[] => {
  const replaced = new Set(replacing.map((grant) => grant.audience))
  return [...before.filter((grant) => !replaced.has(grant.audience)), ...replacing]
}

const merge = (before: string[], add: string[] = [], remove: string[] = []): string[] => {
  const removed = new Set(remove)
  return [...new Set([...before, ...add])].filter((item) => !removed.has(item))
}

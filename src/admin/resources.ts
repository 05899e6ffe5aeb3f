import { z } from 'zod'
import { resourceTarget } from '../audit/target.ts'
import { MAX_DETAIL_LIST } from '../constants.ts'
import { TOOL_RUN } from '../grants/details.ts'
import type { Resource } from '../store/store.ts'
import {
  isVisible,
  listVisible,
  requireUnbound,
  requireWorkspace,
  workspaceOrOwn,
} from './authority.ts'
import { chosenId, listOf } from './fields.ts'
import { type Existing, namingExisting } from './existing.ts'
import { fieldsRefused, hasBeenDeleted, orNotFound, doesNotExist } from './refusals.ts'
import {
  type AdminCall,
  auditedChange,
  now,
  parse,
  parseQuery,
  retried,
  checkIfMatch,
} from './operation.ts'
import { pageByAge, pageFields } from './pages.ts'
import { resourceView } from './views/resource.ts'

const resourceType = chosenId.refine((type) => type !== TOOL_RUN, {
  error: `must not be ${TOOL_RUN}, which names runs`,
})
const parts = listOf(chosenId).refine((list) => list.length <= MAX_DETAIL_LIST, {
  error: `must have at most ${MAX_DETAIL_LIST} entries`,
})

export const resourceQuery = z.strictObject({
  ...pageFields,
  type: chosenId.optional(),
  workspace_id: chosenId.optional(),
})
export const newResource = z.strictObject({
  type: resourceType,
  id: chosenId,
  workspace_id: chosenId.optional(),
  parts,
})
export const resourceChange = z.strictObject({ parts })

type Name = { type: string; id: string }

export const listResources = async (call: AdminCall, query: z.input<typeof resourceQuery> = {}) => {
  const { deps, authority } = call
  const { type, workspace_id: chosenWorkspace, ...page } = parseQuery(resourceQuery, query)
  return await pageByAge(
    { ...page, list: 'resources' },
    async (part) => {
      const rows = await listVisible(authority, chosenWorkspace, (workspaceId) =>
        deps.store.listResources({ type, workspaceId }, part),
      )
      return rows.map((row) => ({ row, createdAt: row.createdAt, id: `${row.type} ${row.id}` }))
    },
    ({ row }) => resourceView(row),
  )
}

export const showResource = async (call: AdminCall, name: Name) =>
  resourceView(await readResource(call, name))

export const createResource = (call: AdminCall, input: z.input<typeof newResource>) =>
  auditedChange(call, 'resource.create', resourceTarget(input), async () => {
    const fields = parse(newResource, input)
    const workspaceId = requireWorkspace(
      call.authority,
      workspaceOrOwn(call.authority, fields.workspace_id),
    )
    // The metadata publishes all types, so a bound administrator may not add one.
    const types = await call.deps.store.listResourceTypes()
    if (!types.includes(fields.type)) requireUnbound(call.authority)
    if ((await call.deps.store.findWorkspace(workspaceId)) === null) {
      const error = { field: 'workspace_id', detail: doesNotExist('workspace', workspaceId) }
      throw fieldsRefused('unknown_reference', [error])
    }
    const { type, id } = fields
    const resource = { type, id, workspaceId, parts: fields.parts }
    await namingExisting(call.deps.store.createResource(resource, now(call)), () =>
      existingResource(call, { type, id }),
    )
    return await showResource(call, { type, id })
  })

/** Replaces all its parts. A removed part is removed from every authorization detail that names it. */
export const updateResource = (
  call: AdminCall,
  name: Name,
  input: z.input<typeof resourceChange>,
) =>
  auditedChange(call, 'resource.update', resourceTarget(name), async (_, cause) => {
    const fields = parse(resourceChange, input)
    await retried(call, async () => {
      const before = checkIfMatch(call, await readResource(call, name))
      await call.deps.store.updateResource(before, fields.parts, now(call), cause)
    })
    return await showResource(call, name)
  })

/**
 * Deletes the resource and every authorization detail that names it, and revokes the tokens with those details. The
 * id cannot be used again.
 */
export const deleteResource = (call: AdminCall, name: Name) =>
  auditedChange(call, 'resource.delete', resourceTarget(name), async (_, cause) => {
    await retried(call, async () => {
      const before = checkIfMatch(call, await readResource(call, name))
      await call.deps.store.deleteResource(before, now(call), cause)
    })
    return { type: name.type, id: name.id, status: 'deleted' as const }
  })

/**
 * The resource that has an id, or had it before it was deleted; null for one of another workspace: a bound
 * administrator learns nothing of it but that the id is taken.
 */
const existingResource = async (
  { deps, authority }: AdminCall,
  { type, id }: Name,
): Promise<Existing | null> => {
  const resource = await deps.store.findResource(type, id)
  const row = resource ?? (await deps.store.findDeletedResource(type, id))
  if (row === null || !isVisible(authority, row)) return null
  return { noun: 'resource', type, id, workspace_id: row.workspaceId, deleted: resource === null }
}

const readResource = async (
  { deps, authority }: AdminCall,
  { type, id }: Name,
): Promise<Resource> => {
  const resource = await deps.store.findResource(type, id)
  const deleted = resource === null ? await deps.store.findDeletedResource(type, id) : null
  if (deleted !== null && isVisible(authority, deleted)) throw hasBeenDeleted('resource', id)
  return orNotFound(isVisible(authority, resource) ? resource : null, 'resource', id)
}

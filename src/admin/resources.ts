import { z } from 'zod'
import { resourceTarget } from '../audit/target.ts'
import { DEFAULT_WORKSPACE, MAX_DETAIL_LIST } from '../constants.ts'
import { TOOL_RUN } from '../grants/details.ts'
import type { Resource } from '../store/store.ts'
import { requireUnbound, requireWorkspace, seenIn } from './authority.ts'
import { chosenId, listOf } from './fields.ts'
import { fieldsRefused, orNotFound, doesNotExist } from './refusals.ts'
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
import { resourceView } from './views.ts'

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

export const listResources = async (
  admin: AdminCall,
  query: z.input<typeof resourceQuery> = {},
) => {
  const { deps, authority } = admin
  const { type, workspace_id: wanted, ...page } = parseQuery(resourceQuery, query)
  return await pageByAge(
    { ...page, list: 'resources' },
    async (part) => {
      const rows = await seenIn(authority, wanted, (workspaceId) =>
        deps.store.listResources({ type, workspaceId }, part),
      )
      return rows.map((row) => ({ row, createdAt: row.createdAt, id: `${row.type} ${row.id}` }))
    },
    ({ row }) => resourceView(row),
  )
}

export const showResource = async (admin: AdminCall, name: Name) =>
  resourceView(await readResource(admin, name))

export const createResource = (admin: AdminCall, input: z.input<typeof newResource>) =>
  auditedChange(admin, 'resource.create', resourceTarget(input), async () => {
    const fields = parse(newResource, input)
    const wanted = fields.workspace_id ?? admin.authority.workspaceId ?? DEFAULT_WORKSPACE
    const workspaceId = requireWorkspace(admin.authority, wanted)
    // Types are public, in the metadata: who is bound to a workspace does not bring new ones.
    const types = await admin.deps.store.listResourceTypes()
    if (!types.includes(fields.type)) requireUnbound(admin.authority)
    if ((await admin.deps.store.findWorkspace(workspaceId)) === null) {
      const error = { field: 'workspace_id', detail: doesNotExist('workspace', workspaceId) }
      throw fieldsRefused('unknown_reference', [error])
    }
    const { type, id } = fields
    await admin.deps.store.createResource(
      { type, id, workspaceId, parts: fields.parts },
      now(admin),
    )
    return await showResource(admin, { type, id })
  })

/** Its parts are replaced as a whole. What is taken away is taken from every detail that names it. */
export const updateResource = (
  admin: AdminCall,
  name: Name,
  input: z.input<typeof resourceChange>,
) =>
  auditedChange(admin, 'resource.update', resourceTarget(name), async () => {
    const fields = parse(resourceChange, input)
    await retried(admin, async () => {
      const before = checkIfMatch(admin, await readResource(admin, name))
      await admin.deps.store.updateResource(before, fields.parts, now(admin))
    })
    return await showResource(admin, name)
  })

/** With every detail that points at it, and their tokens. Its id is never used again. */
export const deleteResource = (admin: AdminCall, name: Name) =>
  auditedChange(admin, 'resource.delete', resourceTarget(name), async () => {
    await retried(admin, async () => {
      const before = checkIfMatch(admin, await readResource(admin, name))
      await admin.deps.store.deleteResource(before, now(admin))
    })
    return { type: name.type, id: name.id, status: 'deleted' as const }
  })

/** From a shell: makes it, or replaces the parts of one that is there, if any are given. */
export const putResource = async (
  admin: AdminCall,
  name: Name,
  { workspace_id: workspaceId, parts: given }: { workspace_id?: string; parts?: string[] },
) => {
  const known = await admin.deps.store.findResource(name.type, name.id)
  const elsewhere = workspaceId !== undefined && known?.workspaceId !== workspaceId
  if (known !== null && !elsewhere) {
    return await updateResource(admin, name, { parts: given ?? known.parts })
  }
  const input = { ...name, parts: given ?? [], ...(workspaceId && { workspace_id: workspaceId }) }
  return await createResource(admin, input)
}

const readResource = async (
  { deps, authority }: AdminCall,
  { type, id }: Name,
): Promise<Resource> => {
  const resource = await deps.store.findResource(type, id)
  const seen = authority.workspaceId === null || resource?.workspaceId === authority.workspaceId
  return orNotFound(seen ? resource : null, 'resource', id)
}

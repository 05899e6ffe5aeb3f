import { z } from 'zod'
import { newWorkspaceRef } from '../secret.ts'
import type { Workspace, WorkspaceStatus } from '../store/store.ts'
import { requireUnbound } from './authority.ts'
import { chosenId, name } from './fields.ts'
import { namingExisting } from './existing.ts'
import { orNotFound } from './refusals.ts'
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
import { workspaceView } from './views/workspace.ts'

export const workspaceQuery = z.strictObject({
  ...pageFields,
  status: z.enum(['active', 'suspended'], { error: 'must be active or suspended' }).optional(),
})
export const newWorkspace = z
  .strictObject({ id: chosenId, name: name.optional() })
  .meta({ id: 'NewWorkspace' })
export const workspaceChange = z
  .strictObject({ name: name.optional() })
  .meta({ id: 'WorkspaceChange' })

export const listWorkspaces = async (
  { deps, authority }: AdminCall,
  query: z.input<typeof workspaceQuery> = {},
) => {
  const { status, ...page } = parseQuery(workspaceQuery, query)
  const ids = authority.workspaceId === null ? undefined : [authority.workspaceId]
  return await pageByAge(
    { ...page, list: 'workspaces' },
    (part) => deps.store.listWorkspaces({ ids, status }, part),
    workspaceView,
  )
}

export const showWorkspace = async (call: AdminCall, id: string) =>
  workspaceView(await readWorkspace(call, id))

export const createWorkspace = (call: AdminCall, input: z.input<typeof newWorkspace>) =>
  auditedChange(call, 'workspace.create', input.id, async () => {
    requireUnbound(call.authority)
    const fields = parse(newWorkspace, input)
    const { store, random } = call.deps
    const ref = newWorkspaceRef(random)
    const workspace = { id: fields.id, name: fields.name ?? fields.id, ref }
    await namingExisting(store.createWorkspace(workspace, now(call)), async () => {
      const row = await store.findWorkspace(fields.id)
      return row && { noun: 'workspace', id: row.id, name: row.name, deleted: false }
    })
    return await showWorkspace(call, fields.id)
  })

export const updateWorkspace = (
  call: AdminCall,
  id: string,
  input: z.input<typeof workspaceChange>,
) => write(call, { id, action: 'workspace.update' }, () => parse(workspaceChange, input))

/** Revokes the tokens of all its clients, and refuses their requests for new ones. */
export const suspendWorkspace = (call: AdminCall, id: string) =>
  write(call, { id, action: 'workspace.suspend' }, () => ({ status: 'suspended' }))

/** Issues tokens to its clients again; those from before the suspension stay revoked. */
export const resumeWorkspace = (call: AdminCall, id: string) =>
  write(call, { id, action: 'workspace.resume' }, () => ({ status: 'active' }))

const write = (
  call: AdminCall,
  { id, action }: { id: string; action: string },
  decide: () => { name?: string | undefined; status?: WorkspaceStatus },
) =>
  auditedChange(call, action, id, async (_, cause) => {
    requireUnbound(call.authority)
    const { name: newName, status } = decide()
    const update = { ...(newName !== undefined && { name: newName }), ...(status && { status }) }
    await retried(call, async () => {
      const before = checkIfMatch(call, await readWorkspace(call, id))
      await call.deps.store.updateWorkspace(before, update, now(call), cause)
    })
    return await showWorkspace(call, id)
  })

const readWorkspace = async ({ deps, authority }: AdminCall, id: string): Promise<Workspace> => {
  const isVisible = authority.workspaceId === null || authority.workspaceId === id
  return orNotFound(isVisible ? await deps.store.findWorkspace(id) : null, 'workspace', id)
}

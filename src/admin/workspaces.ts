import { z } from 'zod'
import { newWorkspaceRef } from '../secret.ts'
import type { Workspace, WorkspaceStatus } from '../store/store.ts'
import { requireUnbound } from './authority.ts'
import { chosenId, name } from './fields.ts'
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
import { workspaceView } from './views.ts'

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

export const showWorkspace = async (admin: AdminCall, id: string) =>
  workspaceView(await readWorkspace(admin, id))

export const createWorkspace = (admin: AdminCall, input: z.input<typeof newWorkspace>) =>
  auditedChange(admin, 'workspace.create', input.id, async () => {
    requireUnbound(admin.authority)
    const fields = parse(newWorkspace, input)
    const { store, random } = admin.deps
    const ref = newWorkspaceRef(random)
    const workspace = { id: fields.id, name: fields.name ?? fields.id, ref }
    await store.createWorkspace(workspace, now(admin))
    return await showWorkspace(admin, fields.id)
  })

export const updateWorkspace = (
  admin: AdminCall,
  id: string,
  input: z.input<typeof workspaceChange>,
) => write(admin, { id, action: 'workspace.update' }, () => parse(workspaceChange, input))

/** Kills the tokens of all its clients and refuses new ones. */
export const suspendWorkspace = (admin: AdminCall, id: string) =>
  write(admin, { id, action: 'workspace.suspend' }, () => ({ status: 'suspended' }))

/** New tokens are issued again; the old ones stay dead. */
export const resumeWorkspace = (admin: AdminCall, id: string) =>
  write(admin, { id, action: 'workspace.resume' }, () => ({ status: 'active' }))

const write = (
  admin: AdminCall,
  { id, action }: { id: string; action: string },
  changed: () => { name?: string | undefined; status?: WorkspaceStatus },
) =>
  auditedChange(admin, action, id, async () => {
    requireUnbound(admin.authority)
    const { name: newName, status } = changed()
    const update = { ...(newName !== undefined && { name: newName }), ...(status && { status }) }
    await retried(admin, async () => {
      const before = checkIfMatch(admin, await readWorkspace(admin, id))
      await admin.deps.store.updateWorkspace(before, update, now(admin))
    })
    return await showWorkspace(admin, id)
  })

const readWorkspace = async ({ deps, authority }: AdminCall, id: string): Promise<Workspace> => {
  const seen = authority.workspaceId === null || authority.workspaceId === id
  return orNotFound(seen ? await deps.store.findWorkspace(id) : null, 'workspace', id)
}

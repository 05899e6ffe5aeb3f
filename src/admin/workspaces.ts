import { z } from 'zod'
import type { Workspace, WorkspaceStatus } from '../store/store.ts'
import { chosenId, name } from './fields.ts'
import { type Admin, change, found, now, parse, retried } from './operation.ts'
import { workspaceView } from './views.ts'

const newWorkspace = z.strictObject({ id: chosenId, name: name.optional() })

export type NewWorkspaceInput = z.input<typeof newWorkspace>

export const listWorkspaces = async ({ deps }: Admin) =>
  (await deps.store.listWorkspaces()).map(workspaceView)

export const createWorkspace = (admin: Admin, input: NewWorkspaceInput) =>
  change(admin, 'workspace.create', input.id, async () => {
    const fields = parse(newWorkspace, input)
    const workspace = { id: fields.id, name: fields.name ?? fields.id }
    await admin.deps.store.createWorkspace(workspace, now(admin))
    return workspaceView(await readWorkspace(admin, fields.id))
  })

/** Kills the tokens of all its clients and refuses new ones. */
export const suspendWorkspace = (admin: Admin, id: string) =>
  setStatus(admin, { id, action: 'workspace.suspend', status: 'suspended' })

/** New tokens are issued again; the old ones stay dead. */
export const resumeWorkspace = (admin: Admin, id: string) =>
  setStatus(admin, { id, action: 'workspace.resume', status: 'active' })

const setStatus = (
  admin: Admin,
  { id, action, status }: { id: string; action: string; status: WorkspaceStatus },
) =>
  change(admin, action, id, async () => {
    await retried(async () =>
      admin.deps.store.updateWorkspace(await readWorkspace(admin, id), { status }, now(admin)),
    )
    return workspaceView(await readWorkspace(admin, id))
  })

const readWorkspace = async ({ deps }: Admin, id: string): Promise<Workspace> =>
  found(await deps.store.findWorkspace(id), 'workspace', id)

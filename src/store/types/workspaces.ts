// Workspaces: the tenants.
import type { Cause } from './audit.ts'
import type { Part } from './lists.ts'

export type WorkspaceStatus = 'active' | 'suspended'

export type Workspace = {
  id: string
  name: string
  status: WorkspaceStatus
  generation: number
  /** Random text in every token of the workspace, for the values of public rules. It is constant. */
  ref: string
  etag: string
  createdAt: number
}

export type NewWorkspace = Pick<Workspace, 'id' | 'name' | 'ref'>

/** Filters of the list; a workspace fits when it fits each of them. */
export type WorkspaceFilter = { ids?: string[] | undefined; status?: WorkspaceStatus | undefined }

export interface WorkspaceStore {
  listWorkspaces(filter?: WorkspaceFilter, part?: Part): Promise<Workspace[]>
  findWorkspace(id: string): Promise<Workspace | null>
  createWorkspace(workspace: NewWorkspace, now: number): Promise<void>
  /**
   * A suspension raises the generation and writes the rule in the same step.
   * @throws Conflict where the workspace has changed since `before`
   */
  updateWorkspace(
    before: Workspace,
    change: Partial<Pick<Workspace, 'name' | 'status'>>,
    now: number,
    cause?: Cause,
  ): Promise<void>
}

// Workspaces: tenants of the platform.
import { workspaceSchema } from '../views/workspace.ts'
import {
  createWorkspace,
  listWorkspaces,
  newWorkspace,
  resumeWorkspace,
  showWorkspace,
  suspendWorkspace,
  updateWorkspace,
  workspaceChange,
  workspaceQuery,
} from '../workspaces.ts'
import { endpoint, pageOf } from './endpoint.ts'

export const workspaces = [
  endpoint({
    method: 'get',
    path: '/workspaces',
    action: 'workspace.list',
    summary: 'List workspaces',
    description: 'Oldest first. A bound administrator sees its own workspace.',
    query: workspaceQuery,
    response: pageOf(workspaceSchema),
    handle: (call, { query }) => listWorkspaces(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/workspaces',
    action: 'workspace.create',
    summary: 'Create a workspace',
    description:
      'Only for unbound administrators. The request chooses the id, which cannot change.',
    body: newWorkspace,
    response: workspaceSchema,
    location: ({ id }) => `/workspaces/${encodeURIComponent(id)}`,
    refuses: ['unbound_required', 'already_exists'],
    handle: (call, { body }) => createWorkspace(call, body),
  }),
  endpoint({
    method: 'get',
    path: '/workspaces/{id}',
    action: 'workspace.show',
    summary: 'Show a workspace',
    description: 'A bound administrator sees its own workspace; another one answers 404.',
    response: workspaceSchema,
    handle: (call, { id }) => showWorkspace(call, id),
  }),
  endpoint({
    method: 'patch',
    path: '/workspaces/{id}',
    action: 'workspace.update',
    summary: 'Rename a workspace',
    description: 'Only for unbound administrators. The id and the status do not change.',
    body: workspaceChange,
    response: workspaceSchema,
    refuses: ['unbound_required'],
    handle: (call, { id, body }) => updateWorkspace(call, id, body),
  }),
  endpoint({
    method: 'post',
    path: '/workspaces/{id}/suspend',
    action: 'workspace.suspend',
    summary: 'Suspend a workspace: revoke the tokens of its clients and issue no more',
    description:
      'Raises the generation of the workspace. Its clients, enrollments and registration access tokens are refused until it is resumed. Only for unbound administrators.',
    response: workspaceSchema,
    refuses: ['unbound_required'],
    handle: (call, { id }) => suspendWorkspace(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/workspaces/{id}/resume',
    action: 'workspace.resume',
    summary: 'Resume a workspace; tokens from before stay revoked',
    description:
      'Its clients log in with the secrets that they have. Only for unbound administrators.',
    response: workspaceSchema,
    refuses: ['unbound_required'],
    handle: (call, { id }) => resumeWorkspace(call, id),
  }),
]

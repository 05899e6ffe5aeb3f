// What tokens are about: workspaces, audiences, plugins.
import {
  audienceChange,
  audienceQuery,
  createAudience,
  listAudiences,
  newAudience,
  showAudience,
  updateAudience,
} from '../audiences.ts'
import {
  createPlugin,
  listPlugins,
  newPlugin,
  pluginChange,
  pluginQuery,
  revokePluginTokens,
  showPlugin,
  updatePlugin,
} from '../plugins.ts'
import {
  createResource,
  deleteResource,
  listResources,
  newResource,
  resourceChange,
  resourceQuery,
  showResource,
  updateResource,
} from '../resources.ts'
import {
  audienceShown,
  pluginShown,
  resourceDeleted,
  resourceShown,
  workspaceShown,
} from '../views.ts'
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
import { type Endpoint, endpoint, partOf } from './endpoint.ts'

const workspaces: readonly Endpoint[] = [
  endpoint({
    ...{ method: 'get', path: '/workspaces', action: 'workspace.list' },
    summary: 'All workspaces',
    description: 'Oldest first. A bound administrator sees its own workspace.',
    query: workspaceQuery,
    answers: partOf(workspaceShown),
    run: (admin, { query }) => listWorkspaces(admin, query),
  }),
  endpoint({
    ...{ method: 'post', path: '/workspaces', action: 'workspace.create' },
    summary: 'Make a workspace',
    description: 'Only for unbound administrators. The id is chosen, and cannot be changed.',
    body: newWorkspace,
    answers: workspaceShown,
    madeAt: ({ id }) => `/workspaces/${encodeURIComponent(id)}`,
    refuses: ['unbound_required', 'already_exists'],
    run: (admin, { body }) => createWorkspace(admin, body),
  }),
  endpoint({
    ...{ method: 'get', path: '/workspaces/{id}', action: 'workspace.show' },
    summary: 'One workspace',
    description: 'A bound administrator sees its own workspace; another one answers 404.',
    answers: workspaceShown,
    run: (admin, { id }) => showWorkspace(admin, id),
  }),
  endpoint({
    ...{ method: 'patch', path: '/workspaces/{id}', action: 'workspace.update' },
    summary: 'Change its name',
    description: 'Only for unbound administrators. The id and the status stay.',
    body: workspaceChange,
    answers: workspaceShown,
    refuses: ['unbound_required'],
    run: (admin, { id, body }) => updateWorkspace(admin, id, body),
  }),
  endpoint({
    ...{ method: 'post', path: '/workspaces/{id}/suspend', action: 'workspace.suspend' },
    summary: 'Kill the tokens of all its clients and issue no more',
    description:
      'Raises the generation of the workspace. Its clients, enrollments and registration access tokens are refused until it is resumed. Only for unbound administrators.',
    answers: workspaceShown,
    refuses: ['unbound_required'],
    run: (admin, { id }) => suspendWorkspace(admin, id),
  }),
  endpoint({
    ...{ method: 'post', path: '/workspaces/{id}/resume', action: 'workspace.resume' },
    summary: 'Issue tokens again; the old ones stay dead',
    description: 'Clients log in with the secrets that they have. Only for unbound administrators.',
    answers: workspaceShown,
    refuses: ['unbound_required'],
    run: (admin, { id }) => resumeWorkspace(admin, id),
  }),
]

const audiences: readonly Endpoint[] = [
  endpoint({
    ...{ method: 'get', path: '/audiences', action: 'audience.list' },
    summary: 'All audiences',
    description:
      'Oldest first. A bound administrator sees those that its own client has a grant for.',
    query: audienceQuery,
    answers: partOf(audienceShown),
    run: (admin, { query }) => listAudiences(admin, query),
  }),
  endpoint({
    ...{ method: 'post', path: '/audiences', action: 'audience.create' },
    summary: 'Make an audience',
    description:
      'Only for unbound administrators. `algorithm` is one that `LATCHKEY_ALGORITHMS` lists, RS256 where it is left out; a permission without `implies` implies none.',
    body: newAudience,
    answers: audienceShown,
    madeAt: ({ id }) => `/audiences/${encodeURIComponent(id)}`,
    refuses: ['unbound_required', 'already_exists'],
    run: (admin, { body }) => createAudience(admin, body),
  }),
  endpoint({
    ...{ method: 'get', path: '/audiences/{id}', action: 'audience.show' },
    summary: 'One audience',
    description:
      'With its permissions and what each implies directly. A bound administrator sees those that its own client has a grant for.',
    answers: audienceShown,
    run: (admin, { id }) => showAudience(admin, id),
  }),
  endpoint({
    ...{ method: 'patch', path: '/audiences/{id}', action: 'audience.update' },
    summary: 'Change what is given',
    description:
      'Permissions are replaced as a whole. Taking a permission or an implication away, or needing a plugin from now on, kills the tokens of the clients that had it.',
    body: audienceChange,
    answers: audienceShown,
    refuses: ['unbound_required', 'last_administrator'],
    run: (admin, { id, body }) => updateAudience(admin, id, body),
  }),
]

const plugins: readonly Endpoint[] = [
  endpoint({
    ...{ method: 'get', path: '/plugins', action: 'plugin.list' },
    summary: 'All plugins',
    description: 'Oldest first. A bound administrator sees those that its own client may act for.',
    query: pluginQuery,
    answers: partOf(pluginShown),
    run: (admin, { query }) => listPlugins(admin, query),
  }),
  endpoint({
    ...{ method: 'post', path: '/plugins', action: 'plugin.create' },
    summary: 'Make a plugin',
    description:
      'Only for unbound administrators. Without `trust` it is `restricted`, without `capabilities` it has none.',
    body: newPlugin,
    answers: pluginShown,
    madeAt: ({ id }) => `/plugins/${encodeURIComponent(id)}`,
    refuses: ['unbound_required', 'already_exists'],
    run: (admin, { body }) => createPlugin(admin, body),
  }),
  endpoint({
    ...{ method: 'get', path: '/plugins/{id}', action: 'plugin.show' },
    summary: 'One plugin',
    description: 'A bound administrator sees those that its own client may act for.',
    answers: pluginShown,
    run: (admin, { id }) => showPlugin(admin, id),
  }),
  endpoint({
    ...{ method: 'patch', path: '/plugins/{id}', action: 'plugin.update' },
    summary: 'Change what is given',
    description:
      'Capabilities are replaced as a whole. Less trust, or a capability less, kills the tokens for the plugin.',
    body: pluginChange,
    answers: pluginShown,
    refuses: ['unbound_required'],
    run: (admin, { id, body }) => updatePlugin(admin, id, body),
  }),
  endpoint({
    ...{ method: 'post', path: '/plugins/{id}/revoke-tokens', action: 'plugin.revoke_tokens' },
    summary: 'Kill every token that was issued for it so far',
    description:
      'Raises the generation of the plugin. Clients get new tokens for it at once. Only for unbound administrators.',
    answers: pluginShown,
    refuses: ['unbound_required'],
    run: (admin, { id }) => revokePluginTokens(admin, id),
  }),
]

const resources: readonly Endpoint[] = [
  endpoint({
    ...{ method: 'get', path: '/resources', action: 'resource.list' },
    summary: 'All resources',
    description: 'Oldest first. A bound administrator sees those of its workspace.',
    query: resourceQuery,
    answers: partOf(resourceShown),
    run: (admin, { query }) => listResources(admin, query),
  }),
  endpoint({
    ...{ method: 'post', path: '/resources', action: 'resource.create' },
    summary: 'Make a resource',
    description:
      'Authorization details can name it from now on. The id is unique for its type over all workspaces and never used again. A bound administrator adds resources of types that exist.',
    body: newResource,
    answers: resourceShown,
    madeAt: ({ type, id }) => `/resources/${encodeURIComponent(type)}/${encodeURIComponent(id)}`,
    refuses: ['unbound_required', 'already_exists', 'unknown_reference'],
    run: (admin, { body }) => createResource(admin, body),
  }),
  endpoint({
    ...{ method: 'get', path: '/resources/{type}/{id}', action: 'resource.show' },
    summary: 'One resource',
    description: 'With its parts. A bound administrator sees those of its workspace.',
    answers: resourceShown,
    run: (admin, { type, id }) => showResource(admin, { type, id }),
  }),
  endpoint({
    ...{ method: 'put', path: '/resources/{type}/{id}', action: 'resource.update' },
    summary: 'Replace its parts',
    description:
      'A part that is taken away is taken from every detail that names it; their tokens die.',
    body: resourceChange,
    answers: resourceShown,
    run: (admin, { type, id, body }) => updateResource(admin, { type, id }, body),
  }),
  endpoint({
    ...{ method: 'delete', path: '/resources/{type}/{id}', action: 'resource.delete' },
    summary: 'Remove it for good, with every detail that points at it and their tokens',
    description: 'Clients keep their other details. The id is never used again.',
    answers: resourceDeleted,
    run: (admin, { type, id }) => deleteResource(admin, { type, id }),
  }),
]

export const registry: readonly Endpoint[] = [...workspaces, ...audiences, ...plugins, ...resources]

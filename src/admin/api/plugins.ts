// Plugins that clients act for.
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
import { pluginShown } from '../views.ts'
import { type Endpoint, endpoint, partOf } from './endpoint.ts'

export const plugins: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/plugins',
    action: 'plugin.list',
    summary: 'All plugins',
    description: 'Oldest first. A bound administrator sees those that its own client may act for.',
    query: pluginQuery,
    answers: partOf(pluginShown),
    handle: (admin, { query }) => listPlugins(admin, query),
  }),
  endpoint({
    method: 'post',
    path: '/plugins',
    action: 'plugin.create',
    summary: 'Make a plugin',
    description:
      'Only for unbound administrators. Without `trust` it is `restricted`, without `capabilities` it has none.',
    body: newPlugin,
    answers: pluginShown,
    madeAt: ({ id }) => `/plugins/${encodeURIComponent(id)}`,
    refuses: ['unbound_required', 'already_exists'],
    handle: (admin, { body }) => createPlugin(admin, body),
  }),
  endpoint({
    method: 'get',
    path: '/plugins/{id}',
    action: 'plugin.show',
    summary: 'One plugin',
    description: 'A bound administrator sees those that its own client may act for.',
    answers: pluginShown,
    handle: (admin, { id }) => showPlugin(admin, id),
  }),
  endpoint({
    method: 'patch',
    path: '/plugins/{id}',
    action: 'plugin.update',
    summary: 'Change what is given',
    description:
      'Capabilities are replaced as a whole. Less trust, or a capability less, kills the tokens for the plugin.',
    body: pluginChange,
    answers: pluginShown,
    refuses: ['unbound_required'],
    handle: (admin, { id, body }) => updatePlugin(admin, id, body),
  }),
  endpoint({
    method: 'post',
    path: '/plugins/{id}/revoke-tokens',
    action: 'plugin.revoke_tokens',
    summary: 'Kill every token that was issued for it so far',
    description:
      'Raises the generation of the plugin. Clients get new tokens for it at once. Only for unbound administrators.',
    answers: pluginShown,
    refuses: ['unbound_required'],
    handle: (admin, { id }) => revokePluginTokens(admin, id),
  }),
]

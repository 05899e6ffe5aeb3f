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
import { pluginSchema } from '../views/plugin.ts'
import { type Endpoint, endpoint, pageOf } from './endpoint.ts'

export const plugins: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/plugins',
    action: 'plugin.list',
    summary: 'All plugins',
    description: 'Oldest first. A bound administrator sees those that its own client may act for.',
    query: pluginQuery,
    response: pageOf(pluginSchema),
    handle: (call, { query }) => listPlugins(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/plugins',
    action: 'plugin.create',
    summary: 'Make a plugin',
    description:
      'Only for unbound administrators. Without `trust` it is `restricted`, without `capabilities` it has none.',
    body: newPlugin,
    response: pluginSchema,
    location: ({ id }) => `/plugins/${encodeURIComponent(id)}`,
    refuses: ['unbound_required', 'already_exists'],
    handle: (call, { body }) => createPlugin(call, body),
  }),
  endpoint({
    method: 'get',
    path: '/plugins/{id}',
    action: 'plugin.show',
    summary: 'One plugin',
    description: 'A bound administrator sees those that its own client may act for.',
    response: pluginSchema,
    handle: (call, { id }) => showPlugin(call, id),
  }),
  endpoint({
    method: 'patch',
    path: '/plugins/{id}',
    action: 'plugin.update',
    summary: 'Change what is given',
    description:
      'Capabilities are replaced as a whole. Less trust, or a capability less, kills the tokens for the plugin.',
    body: pluginChange,
    response: pluginSchema,
    refuses: ['unbound_required'],
    handle: (call, { id, body }) => updatePlugin(call, id, body),
  }),
  endpoint({
    method: 'post',
    path: '/plugins/{id}/revoke-tokens',
    action: 'plugin.revoke_tokens',
    summary: 'Kill every token that was issued for it so far',
    description:
      'Raises the generation of the plugin. Clients get new tokens for it at once. Only for unbound administrators.',
    response: pluginSchema,
    refuses: ['unbound_required'],
    handle: (call, { id }) => revokePluginTokens(call, id),
  }),
]

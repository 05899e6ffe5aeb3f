// Plugins that clients act for.
import {
  createPlugin,
  deletePlugin,
  disablePlugin,
  enablePlugin,
  listPlugins,
  newPlugin,
  pluginChange,
  pluginQuery,
  revokePluginTokens,
  showPlugin,
  updatePlugin,
} from '../plugins.ts'
import { deletedPluginSchema, pluginSchema } from '../views/plugin.ts'
import { endpoint, pageOf } from './endpoint.ts'

export const plugins = [
  endpoint({
    method: 'get',
    path: '/plugins',
    action: 'plugin.list',
    summary: 'List plugins',
    description:
      'Oldest first, without deleted plugins. A bound administrator sees the plugins that its own client may act for.',
    query: pluginQuery,
    response: pageOf(pluginSchema),
    handle: (call, { query }) => listPlugins(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/plugins',
    action: 'plugin.create',
    summary: 'Create a plugin',
    description:
      'Only for unbound administrators. `trust` is `restricted` by default, and `capabilities` is empty.',
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
    summary: 'Show a plugin',
    description: 'A bound administrator sees the plugins that its own client may act for.',
    response: pluginSchema,
    handle: (call, { id }) => showPlugin(call, id),
  }),
  endpoint({
    method: 'patch',
    path: '/plugins/{id}',
    action: 'plugin.update',
    summary: 'Change a plugin',
    description:
      'Members that are left out keep their values. `capabilities` replaces the whole list. Lowering the trust tier or removing a capability revokes the tokens for the plugin. Only for unbound administrators.',
    body: pluginChange,
    response: pluginSchema,
    refuses: ['unbound_required'],
    handle: (call, { id, body }) => updatePlugin(call, id, body),
  }),
  endpoint({
    method: 'delete',
    path: '/plugins/{id}',
    action: 'plugin.delete',
    summary: 'Delete a plugin and revoke its tokens',
    description:
      'The id cannot be used again. Its clients keep naming it, and get no token for it. A client whose only plugin it is gets no token at all until the plugin is removed from the client; `GET /clients?plugin_id=` lists these clients. The last administrator that can log in keeps its plugin. Only for unbound administrators.',
    response: deletedPluginSchema,
    refuses: ['unbound_required', 'last_administrator'],
    handle: (call, { id }) => deletePlugin(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/plugins/{id}/disable',
    action: 'plugin.disable',
    summary: 'Disable a plugin and revoke its tokens',
    description:
      'Raises the generation of the plugin. The token endpoint refuses requests for it with `plugin_disabled`, also those without `plugin_id` of a client whose only plugin it is. No client can be given it, and no enrollment with it can be used until it is enabled. The last administrator that can log in keeps its plugin. Only for unbound administrators.',
    response: pluginSchema,
    refuses: ['unbound_required', 'last_administrator'],
    handle: (call, { id }) => disablePlugin(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/plugins/{id}/enable',
    action: 'plugin.enable',
    summary: 'Enable a plugin; tokens from before stay revoked',
    description:
      'Its clients can request new tokens for it at once. Only for unbound administrators.',
    response: pluginSchema,
    refuses: ['unbound_required'],
    handle: (call, { id }) => enablePlugin(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/plugins/{id}/revoke-tokens',
    action: 'plugin.revoke_tokens',
    summary: 'Revoke all tokens that were issued for a plugin so far',
    description:
      'Raises the generation of the plugin. Clients can request new tokens for it at once. Only for unbound administrators.',
    response: pluginSchema,
    refuses: ['unbound_required'],
    handle: (call, { id }) => revokePluginTokens(call, id),
  }),
]

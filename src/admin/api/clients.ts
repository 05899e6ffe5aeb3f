// Clients: machines that request tokens.
import { clientChange, clientQuery, newClient } from '../client-fields.ts'
import {
  createClient,
  deleteClient,
  disableClient,
  enableClient,
  listClients,
  revokeClientTokens,
  showClient,
  updateClient,
} from '../clients.ts'
import { clientSchema, createdClientSchema, deletedClientSchema } from '../views/client.ts'
import { endpoint, pageOf } from './endpoint.ts'

export const clients = [
  endpoint({
    method: 'get',
    path: '/clients',
    action: 'client.list',
    summary: 'List clients',
    description:
      'Oldest first, without deleted clients. A bound administrator sees the clients of its workspace.',
    query: clientQuery,
    response: pageOf(clientSchema),
    handle: (call, { query }) => listClients(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/clients',
    action: 'client.create',
    summary: 'Create a client; no later answer contains its secret',
    description:
      'The server generates the id and the secret. The client gets the grants of the request and no others. With `workspace_id` null it is an unbound administrator; only an unbound administrator creates one. A bound administrator gives only what its own client has.',
    body: newClient,
    response: createdClientSchema,
    location: ({ client_id: id }) => `/clients/${id}`,
    refuses: ['exceeds_own_grant', 'unbound_required', 'unknown_reference', 'plugin_disabled'],
    handle: (call, { body }) => createClient(call, body),
  }),
  endpoint({
    method: 'get',
    path: '/clients/{client_id}',
    action: 'client.show',
    summary: 'Show a client and its grants',
    description:
      'With its grants, plugins, authorization details and limits, without its secrets. A bound administrator sees the clients of its workspace.',
    response: clientSchema,
    handle: (call, { client_id: id }) => showClient(call, id),
  }),
  endpoint({
    method: 'patch',
    path: '/clients/{client_id}',
    action: 'client.update',
    summary: 'Change a client',
    description:
      'Members that are left out keep their values; a list is replaced as a whole. Removing a grant, a plugin or an authorization detail revokes the tokens of the client. A bound administrator gives only what its own client has, and gives nothing to a client with looser limits than its own.',
    body: clientChange,
    response: clientSchema,
    refuses: ['exceeds_own_grant', 'unknown_reference', 'plugin_disabled', 'last_administrator'],
    handle: (call, { client_id: id, body }) => updateClient(call, id, body),
  }),
  endpoint({
    method: 'delete',
    path: '/clients/{client_id}',
    action: 'client.delete',
    summary: 'Delete a client and revoke its tokens and secrets',
    description:
      'The id cannot be used again. The last administrator that can log in cannot be deleted.',
    response: deletedClientSchema,
    refuses: ['last_administrator'],
    handle: (call, { client_id: id }) => deleteClient(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/disable',
    action: 'client.disable',
    summary: 'Disable a client and revoke its tokens',
    description:
      'Raises the generation of the client. It keeps its secrets and grants, and can use them once it is enabled. The last administrator that can log in cannot be disabled.',
    response: clientSchema,
    refuses: ['last_administrator'],
    handle: (call, { client_id: id }) => disableClient(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/enable',
    action: 'client.enable',
    summary: 'Enable a client; tokens from before stay revoked',
    description:
      'The client has the secrets and grants that it had before. A bound administrator enables a client only if its own client has all of these grants, and no tighter limits.',
    response: clientSchema,
    refuses: ['exceeds_own_grant'],
    handle: (call, { client_id: id }) => enableClient(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/revoke-tokens',
    action: 'client.revoke_tokens',
    summary: 'Revoke all tokens that a client was issued so far',
    description:
      'Raises the generation of the client. It can request new tokens at once, with the secrets that it has.',
    response: clientSchema,
    handle: (call, { client_id: id }) => revokeClientTokens(call, id),
  }),
]

// Clients: the machines that request tokens.
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
import { type Endpoint, endpoint, pageOf } from './endpoint.ts'

export const clients: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/clients',
    action: 'client.list',
    summary: 'All clients',
    description:
      'Oldest first, without deleted ones. A bound administrator sees those of its workspace.',
    query: clientQuery,
    response: pageOf(clientSchema),
    handle: (call, { query }) => listClients(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/clients',
    action: 'client.create',
    summary: 'Make a client; its secret is shown this once',
    description:
      'The server makes id and secret. Nothing is granted that is not named. A client without workspace (`workspace_id` null) is an unbound administrator, which only such a one makes; a bound administrator gives what its own client has.',
    body: newClient,
    response: createdClientSchema,
    location: ({ client_id: id }) => `/clients/${id}`,
    refuses: ['exceeds_own_grant', 'unbound_required', 'unknown_reference'],
    handle: (call, { body }) => createClient(call, body),
  }),
  endpoint({
    method: 'get',
    path: '/clients/{client_id}',
    action: 'client.show',
    summary: 'One client and what it is granted',
    description:
      'With its grants, plugins, authorization details and limits, without its secrets. A bound administrator sees those of its workspace.',
    response: clientSchema,
    handle: (call, { client_id: id }) => showClient(call, id),
  }),
  endpoint({
    method: 'patch',
    path: '/clients/{client_id}',
    action: 'client.update',
    summary: 'Change what is given',
    description:
      'Lists are replaced as a whole. What is taken away kills its tokens. A bound administrator gives what its own client has, and nothing to a client that has looser limits than its own.',
    body: clientChange,
    response: clientSchema,
    refuses: ['exceeds_own_grant', 'unknown_reference', 'last_administrator'],
    handle: (call, { client_id: id, body }) => updateClient(call, id, body),
  }),
  endpoint({
    method: 'delete',
    path: '/clients/{client_id}',
    action: 'client.delete',
    summary: 'Remove it for good and kill its tokens',
    description:
      'Its secrets end. The id is never used again. The last administrator who can log in stays.',
    response: deletedClientSchema,
    refuses: ['last_administrator'],
    handle: (call, { client_id: id }) => deleteClient(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/disable',
    action: 'client.disable',
    summary: 'Refuse it and kill its tokens',
    description:
      'Raises the generation of the client. Its secrets and grants stay for the day that it is enabled. The last administrator who can log in stays enabled.',
    response: clientSchema,
    refuses: ['last_administrator'],
    handle: (call, { client_id: id }) => disableClient(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/enable',
    action: 'client.enable',
    summary: 'Let it log in again; the old tokens stay dead',
    description:
      'It has the secrets and grants that it had. A bound administrator enables clients that have no more than its own, and no looser limits.',
    response: clientSchema,
    refuses: ['exceeds_own_grant'],
    handle: (call, { client_id: id }) => enableClient(call, id),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/revoke-tokens',
    action: 'client.revoke_tokens',
    summary: 'Kill every token that it was issued so far',
    description:
      'Raises the generation of the client, which gets new tokens at once with the secrets that it has.',
    response: clientSchema,
    handle: (call, { client_id: id }) => revokeClientTokens(call, id),
  }),
]

// Clients: the machines that request tokens.
import {
  clientChange,
  clientQuery,
  createClient,
  deleteClient,
  disableClient,
  enableClient,
  listClients,
  newClient,
  revokeClientTokens,
  showClient,
  updateClient,
} from '../clients.ts'
import { clientCreated, clientDeleted, clientShown } from '../views.ts'
import { type Endpoint, endpoint, partOf } from './endpoint.ts'

export const clients: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/clients',
    action: 'client.list',
    summary: 'All clients',
    description:
      'Oldest first, without deleted ones. A bound administrator sees those of its workspace.',
    query: clientQuery,
    answers: partOf(clientShown),
    handle: (admin, { query }) => listClients(admin, query),
  }),
  endpoint({
    method: 'post',
    path: '/clients',
    action: 'client.create',
    summary: 'Make a client; its secret is shown this once',
    description:
      'The server makes id and secret. Nothing is granted that is not named. A client without workspace (`workspace_id` null) is an unbound administrator, which only such a one makes; a bound administrator gives what its own client has.',
    body: newClient,
    answers: clientCreated,
    madeAt: ({ client_id: id }) => `/clients/${id}`,
    refuses: ['exceeds_own_grant', 'unbound_required', 'unknown_reference'],
    handle: (admin, { body }) => createClient(admin, body),
  }),
  endpoint({
    method: 'get',
    path: '/clients/{client_id}',
    action: 'client.show',
    summary: 'One client and what it is granted',
    description:
      'With its grants, plugins, authorization details and limits, without its secrets. A bound administrator sees those of its workspace.',
    answers: clientShown,
    handle: (admin, { client_id: id }) => showClient(admin, id),
  }),
  endpoint({
    method: 'patch',
    path: '/clients/{client_id}',
    action: 'client.update',
    summary: 'Change what is given',
    description:
      'Lists are replaced as a whole. What is taken away kills its tokens. A bound administrator gives what its own client has, and nothing to a client that has looser limits than its own.',
    body: clientChange,
    answers: clientShown,
    refuses: ['exceeds_own_grant', 'unknown_reference', 'last_administrator'],
    handle: (admin, { client_id: id, body }) => updateClient(admin, id, body),
  }),
  endpoint({
    method: 'delete',
    path: '/clients/{client_id}',
    action: 'client.delete',
    summary: 'Remove it for good and kill its tokens',
    description:
      'Its secrets end. The id is never used again. The last administrator who can log in stays.',
    answers: clientDeleted,
    refuses: ['last_administrator'],
    handle: (admin, { client_id: id }) => deleteClient(admin, id),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/disable',
    action: 'client.disable',
    summary: 'Refuse it and kill its tokens',
    description:
      'Raises the generation of the client. Its secrets and grants stay for the day that it is enabled. The last administrator who can log in stays enabled.',
    answers: clientShown,
    refuses: ['last_administrator'],
    handle: (admin, { client_id: id }) => disableClient(admin, id),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/enable',
    action: 'client.enable',
    summary: 'Let it log in again; the old tokens stay dead',
    description:
      'It has the secrets and grants that it had. A bound administrator enables clients that have no more than its own, and no looser limits.',
    answers: clientShown,
    refuses: ['exceeds_own_grant'],
    handle: (admin, { client_id: id }) => enableClient(admin, id),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/revoke-tokens',
    action: 'client.revoke_tokens',
    summary: 'Kill every token that it was issued so far',
    description:
      'Raises the generation of the client, which gets new tokens at once with the secrets that it has.',
    answers: clientShown,
    handle: (admin, { client_id: id }) => revokeClientTokens(admin, id),
  }),
]

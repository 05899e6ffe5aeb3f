// The machines that get tokens, and their secrets.
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
import { detailsChange, setDetails, showDetails } from '../details.ts'
import {
  addSecret,
  listSecrets,
  newSecret,
  revokeSecret,
  secretQuery,
  showSecret,
} from '../secrets.ts'
import {
  clientCreated,
  clientDeleted,
  clientDetailsShown,
  clientShown,
  secretAdded,
  secretRevoked,
  secretShown,
} from '../views.ts'
import { type Endpoint, endpoint, partOf } from './endpoint.ts'

const records: readonly Endpoint[] = [
  endpoint({
    ...{ method: 'get', path: '/clients', action: 'client.list' },
    summary: 'All clients',
    description:
      'Oldest first, without deleted ones. A bound administrator sees those of its workspace.',
    query: clientQuery,
    answers: partOf(clientShown),
    run: (admin, { query }) => listClients(admin, query),
  }),
  endpoint({
    ...{ method: 'post', path: '/clients', action: 'client.create' },
    summary: 'Make a client; its secret is shown this once',
    description:
      'The server makes id and secret. Nothing is granted that is not named. A client without workspace (`workspace_id` null) is an unbound administrator, which only such a one makes; a bound administrator gives what its own client has.',
    body: newClient,
    answers: clientCreated,
    madeAt: ({ client_id: id }) => `/clients/${id}`,
    refuses: ['exceeds_own_grant', 'unbound_required', 'unknown_reference'],
    run: (admin, { body }) => createClient(admin, body),
  }),
  endpoint({
    ...{ method: 'get', path: '/clients/{client_id}', action: 'client.show' },
    summary: 'One client and what it is granted',
    description:
      'With its grants, plugins, authorization details and limits, without its secrets. A bound administrator sees those of its workspace.',
    answers: clientShown,
    run: (admin, { client_id: id }) => showClient(admin, id),
  }),
  endpoint({
    ...{ method: 'patch', path: '/clients/{client_id}', action: 'client.update' },
    summary: 'Change what is given',
    description:
      'Lists are replaced as a whole. What is taken away kills its tokens. A bound administrator gives what its own client has, and nothing to a client that has looser limits than its own.',
    body: clientChange,
    answers: clientShown,
    refuses: ['exceeds_own_grant', 'unknown_reference', 'last_administrator'],
    run: (admin, { client_id: id, body }) => updateClient(admin, id, body),
  }),
  endpoint({
    ...{ method: 'delete', path: '/clients/{client_id}', action: 'client.delete' },
    summary: 'Remove it for good and kill its tokens',
    description:
      'Its secrets end. The id is never used again. The last administrator who can log in stays.',
    answers: clientDeleted,
    refuses: ['last_administrator'],
    run: (admin, { client_id: id }) => deleteClient(admin, id),
  }),
  endpoint({
    ...{ method: 'post', path: '/clients/{client_id}/disable', action: 'client.disable' },
    summary: 'Refuse it and kill its tokens',
    description:
      'Raises the generation of the client. Its secrets and grants stay for the day that it is enabled. The last administrator who can log in stays enabled.',
    answers: clientShown,
    refuses: ['last_administrator'],
    run: (admin, { client_id: id }) => disableClient(admin, id),
  }),
  endpoint({
    ...{ method: 'post', path: '/clients/{client_id}/enable', action: 'client.enable' },
    summary: 'Let it log in again; the old tokens stay dead',
    description:
      'It has the secrets and grants that it had. A bound administrator enables clients that have no more than its own, and no looser limits.',
    answers: clientShown,
    refuses: ['exceeds_own_grant'],
    run: (admin, { client_id: id }) => enableClient(admin, id),
  }),
  endpoint({
    ...{ method: 'post', path: '/clients/{client_id}/revoke-tokens' },
    action: 'client.revoke_tokens',
    summary: 'Kill every token that it was issued so far',
    description:
      'Raises the generation of the client, which gets new tokens at once with the secrets that it has.',
    answers: clientShown,
    run: (admin, { client_id: id }) => revokeClientTokens(admin, id),
  }),
]

const secrets: readonly Endpoint[] = [
  endpoint({
    ...{ method: 'get', path: '/clients/{client_id}/secrets', action: 'secret.list' },
    summary: 'Its live secrets, newest first, without what is secret',
    description: 'Each with its name, its last four characters, and when it was last used.',
    query: secretQuery,
    answers: partOf(secretShown),
    run: (admin, { client_id: id, query }) => listSecrets(admin, id, query),
  }),
  endpoint({
    ...{ method: 'post', path: '/clients/{client_id}/secrets', action: 'secret.add' },
    summary: 'Make another secret, shown this once, and let the others end',
    description:
      'The others end after 24 hours, or `previous_expires_in` seconds. A client has five live secrets at the most. A bound administrator makes secrets of clients that have no more than its own, and no looser limits.',
    body: newSecret,
    answers: secretAdded,
    madeAt: (made) => `/clients/${made.client_id}/secrets/${made.secret_id}`,
    refuses: ['exceeds_own_grant', 'too_many_secrets', 'last_administrator'],
    run: (admin, { client_id: id, body }) => addSecret(admin, id, body),
  }),
  endpoint({
    ...{ method: 'get', path: '/clients/{client_id}/secrets/{secret_id}', action: 'secret.show' },
    summary: 'One of its live secrets',
    description: 'Without what is secret. One that has ended answers 404.',
    answers: secretShown,
    run: (admin, { client_id: id, secret_id: secret }) => showSecret(admin, id, secret),
  }),
  endpoint({
    ...{ method: 'delete', path: '/clients/{client_id}/secrets/{secret_id}' },
    action: 'secret.revoke',
    summary: 'End a secret at once',
    description: 'Tokens that were got with it live on: `revoke-tokens` takes those.',
    answers: secretRevoked,
    refuses: ['last_administrator'],
    run: (admin, { client_id: id, secret_id: secret }) => revokeSecret(admin, id, secret),
  }),
]

const details: readonly Endpoint[] = [
  endpoint({
    ...{ method: 'get', path: '/clients/{client_id}/authorization-details' },
    action: 'client.show_details',
    summary: 'The authorization details that it may ask for',
    description:
      'RFC 9396, in the order in which they were granted. The `etag` is that of the client.',
    answers: clientDetailsShown,
    run: (admin, { client_id: id }) => showDetails(admin, id),
  }),
  endpoint({
    ...{ method: 'put', path: '/clients/{client_id}/authorization-details' },
    action: 'client.details',
    summary: 'Replace them all in one step',
    description:
      'Tokens with what is no longer granted die at once. `If-Match` is that of the client.',
    body: detailsChange,
    answers: clientDetailsShown,
    refuses: ['exceeds_own_grant', 'unknown_reference'],
    run: (admin, { client_id: id, body }) => setDetails(admin, id, body),
  }),
]

export const clients: readonly Endpoint[] = [...records, ...details, ...secrets]

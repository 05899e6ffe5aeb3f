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
    query: clientQuery,
    answers: partOf(clientShown),
    run: (admin, { query }) => listClients(admin, query),
  }),
  endpoint({
    ...{ method: 'post', path: '/clients', action: 'client.create' },
    summary: 'Make a client; its secret is shown this once',
    body: newClient,
    answers: clientCreated,
    madeAt: ({ client_id: id }) => `/clients/${id}`,
    refuses: ['exceeds_own_grant', 'unbound_required', 'unknown_reference'],
    run: (admin, { body }) => createClient(admin, body),
  }),
  endpoint({
    ...{ method: 'get', path: '/clients/{client_id}', action: 'client.show' },
    summary: 'One client and what it is granted',
    answers: clientShown,
    run: (admin, { client_id: id }) => showClient(admin, id),
  }),
  endpoint({
    ...{ method: 'patch', path: '/clients/{client_id}', action: 'client.update' },
    summary: 'Change what is given',
    description: 'Lists are replaced as a whole. What is taken away kills its tokens.',
    body: clientChange,
    answers: clientShown,
    refuses: ['exceeds_own_grant', 'unknown_reference', 'last_administrator'],
    run: (admin, { client_id: id, body }) => updateClient(admin, id, body),
  }),
  endpoint({
    ...{ method: 'delete', path: '/clients/{client_id}', action: 'client.delete' },
    summary: 'Remove it for good and kill its tokens',
    answers: clientDeleted,
    refuses: ['last_administrator'],
    run: (admin, { client_id: id }) => deleteClient(admin, id),
  }),
  endpoint({
    ...{ method: 'post', path: '/clients/{client_id}/disable', action: 'client.disable' },
    summary: 'Refuse it and kill its tokens',
    answers: clientShown,
    refuses: ['last_administrator'],
    run: (admin, { client_id: id }) => disableClient(admin, id),
  }),
  endpoint({
    ...{ method: 'post', path: '/clients/{client_id}/enable', action: 'client.enable' },
    summary: 'Let it log in again; the old tokens stay dead',
    answers: clientShown,
    refuses: ['exceeds_own_grant'],
    run: (admin, { client_id: id }) => enableClient(admin, id),
  }),
  endpoint({
    ...{ method: 'post', path: '/clients/{client_id}/revoke-tokens' },
    action: 'client.revoke_tokens',
    summary: 'Kill every token that it was issued so far',
    answers: clientShown,
    run: (admin, { client_id: id }) => revokeClientTokens(admin, id),
  }),
]

const secrets: readonly Endpoint[] = [
  endpoint({
    ...{ method: 'get', path: '/clients/{client_id}/secrets', action: 'secret.list' },
    summary: 'Its live secrets, newest first, without what is secret',
    query: secretQuery,
    answers: partOf(secretShown),
    run: (admin, { client_id: id, query }) => listSecrets(admin, id, query),
  }),
  endpoint({
    ...{ method: 'post', path: '/clients/{client_id}/secrets', action: 'secret.add' },
    summary: 'Make another secret, shown this once, and let the others end',
    body: newSecret,
    answers: secretAdded,
    madeAt: (made) => `/clients/${made.client_id}/secrets/${made.secret_id}`,
    refuses: ['exceeds_own_grant', 'too_many_secrets', 'last_administrator'],
    run: (admin, { client_id: id, body }) => addSecret(admin, id, body),
  }),
  endpoint({
    ...{ method: 'get', path: '/clients/{client_id}/secrets/{secret_id}', action: 'secret.show' },
    summary: 'One of its live secrets',
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

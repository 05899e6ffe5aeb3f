// Secrets of a client.
import {
  addSecret,
  listSecrets,
  newSecret,
  revokeSecret,
  secretQuery,
  showSecret,
} from '../secrets.ts'
import { addedSecretSchema, revokedSecretSchema, secretSchema } from '../views/secret.ts'
import { type Endpoint, endpoint, pageOf } from './endpoint.ts'

export const secrets: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/clients/{client_id}/secrets',
    action: 'secret.list',
    summary: 'Its live secrets, newest first, without what is secret',
    description: 'Each with its name, its last four characters, and when it was last used.',
    query: secretQuery,
    response: pageOf(secretSchema),
    handle: (call, { client_id: id, query }) => listSecrets(call, id, query),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/secrets',
    action: 'secret.add',
    summary: 'Make another secret, shown this once, and let the others end',
    description:
      'The others end after 24 hours, or `previous_expires_in` seconds. A client has five live secrets at the most. A bound administrator makes secrets of clients that have no more than its own, and no looser limits.',
    body: newSecret,
    response: addedSecretSchema,
    location: (made) => `/clients/${made.client_id}/secrets/${made.secret_id}`,
    refuses: ['exceeds_own_grant', 'too_many_secrets', 'last_administrator'],
    handle: (call, { client_id: id, body }) => addSecret(call, id, body),
  }),
  endpoint({
    method: 'get',
    path: '/clients/{client_id}/secrets/{secret_id}',
    action: 'secret.show',
    summary: 'One of its live secrets',
    description: 'Without what is secret. One that has ended answers 404.',
    response: secretSchema,
    handle: (call, { client_id: id, secret_id: secret }) => showSecret(call, id, secret),
  }),
  endpoint({
    method: 'delete',
    path: '/clients/{client_id}/secrets/{secret_id}',
    action: 'secret.revoke',
    summary: 'End a secret at once',
    description: 'Tokens that were got with it live on: `revoke-tokens` takes those.',
    response: revokedSecretSchema,
    refuses: ['last_administrator'],
    handle: (call, { client_id: id, secret_id: secret }) => revokeSecret(call, id, secret),
  }),
]

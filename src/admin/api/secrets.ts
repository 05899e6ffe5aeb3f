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
import { endpoint, pageOf } from './endpoint.ts'

export const secrets = [
  endpoint({
    method: 'get',
    path: '/clients/{client_id}/secrets',
    action: 'secret.list',
    summary: 'List the live secrets of a client, newest first',
    description:
      'Each with its name, its last four characters and the time of its last use, without the secret itself.',
    query: secretQuery,
    response: pageOf(secretSchema),
    handle: (call, { client_id: id, query }) => listSecrets(call, id, query),
  }),
  endpoint({
    method: 'post',
    path: '/clients/{client_id}/secrets',
    action: 'secret.add',
    summary: 'Add a secret to a client; no later answer contains it',
    description:
      'The other secrets expire after 24 hours, or `previous_expires_in` seconds. A client has at most five live secrets. A bound administrator adds a secret to a client only if its own client has all of its grants, and no tighter limits.',
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
    summary: 'Show a live secret of a client',
    description: 'Without the secret itself. An expired or revoked secret answers 404.',
    response: secretSchema,
    handle: (call, { client_id: id, secret_id: secret }) => showSecret(call, id, secret),
  }),
  endpoint({
    method: 'delete',
    path: '/clients/{client_id}/secrets/{secret_id}',
    action: 'secret.revoke',
    summary: 'Revoke a secret at once',
    description:
      'Tokens that were issued for it stay valid: `revoke-tokens` of the client revokes them.',
    response: revokedSecretSchema,
    refuses: ['last_administrator'],
    handle: (call, { client_id: id, secret_id: secret }) => revokeSecret(call, id, secret),
  }),
]

// Signing keys.
import { keyQuery, keyRevocation, listKeys, revokeAllKeys, revokeKey, showKey } from '../keys.ts'
import { keyRotation, rotateKeys } from '../key-rotation.ts'
import { keyRotationSchema, keySchema } from '../views/key.ts'
import { endpoint, pageOf } from './endpoint.ts'

const keyList = pageOf(keySchema)

export const keys = [
  endpoint({
    method: 'get',
    path: '/keys',
    action: 'key.list',
    summary: 'List signing keys and their states',
    description: 'Oldest first, public members and times only. Only for unbound administrators.',
    query: keyQuery,
    response: keyList,
    refuses: ['unbound_required'],
    handle: (call, { query }) => listKeys(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/keys/rotate',
    action: 'key.rotate',
    summary: 'Sign with the next key; the former one stays published until its tokens expire',
    description:
      'Refused while a next key has been published for less than 24 hours: some resource servers fetch the JWKS once a day, and would refuse its tokens until then. `now` rotates all the same, and the answer has a warning. Only for unbound administrators.',
    body: keyRotation,
    response: keyRotationSchema,
    refuses: ['unbound_required', 'key_too_young'],
    handle: (call, { body }) => rotateKeys(call, body),
  }),
  endpoint({
    method: 'post',
    path: '/keys/revoke-all',
    action: 'key.revoke_all',
    summary: 'Revoke all keys, and with them all tokens, the token of this request included',
    description:
      'New keys sign at once. Gateways that only read the JWKS refuse the new tokens until they fetch it again. Only for unbound administrators.',
    response: keyList,
    refuses: ['unbound_required'],
    handle: (call) => revokeAllKeys(call),
  }),
  endpoint({
    method: 'get',
    path: '/keys/{kid}',
    action: 'key.show',
    summary: 'Show a signing key',
    description:
      'With its state, and the time from which it may sign or at which it is removed. Only for unbound administrators.',
    response: keySchema,
    refuses: ['unbound_required'],
    handle: (call, { kid }) => showKey(call, kid),
  }),
  endpoint({
    method: 'post',
    path: '/keys/{kid}/revoke',
    action: 'key.revoke',
    summary: 'Remove a key from the JWKS and revoke all tokens that it signed, for good',
    description:
      'The next key signs. Gateways that only read the JWKS have it already and do not fetch again: they accept tokens of the revoked key until their cached JWKS expires. `force_refetch` makes most of them fetch at once, and some refuse good tokens for a time. Only for unbound administrators.',
    body: keyRevocation,
    response: keyList,
    refuses: ['unbound_required'],
    handle: (call, { kid, body }) => revokeKey(call, kid, body),
  }),
]

// Signing keys.
import { keyQuery, keyRevocation, listKeys, revokeAllKeys, revokeKey, showKey } from '../keys.ts'
import { keyRotation, rotateKeys } from '../key-rotation.ts'
import { keyRotationSchema, keySchema } from '../views/key.ts'
import { type Endpoint, endpoint, pageOf } from './endpoint.ts'

const keyList = pageOf(keySchema)

export const keys: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/keys',
    action: 'key.list',
    summary: 'All signing keys and their states',
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
    summary: 'Let the next key sign; the one that signed stays published while its tokens live',
    description:
      'Refused while a next key has been published for less than 24 hours: some resource servers fetch the JWKS once a day, and would refuse its tokens until then. `now` does it all the same, and the answer warns.',
    body: keyRotation,
    response: keyRotationSchema,
    refuses: ['unbound_required', 'key_too_young'],
    handle: (call, { body }) => rotateKeys(call, body),
  }),
  endpoint({
    method: 'post',
    path: '/keys/revoke-all',
    action: 'key.revoke_all',
    summary: 'Revoke every key there is; all tokens are dead, this one included',
    description:
      'New keys sign at once. Gateways that only read the JWKS refuse their tokens until they fetch it. Only for unbound administrators.',
    response: keyList,
    refuses: ['unbound_required'],
    handle: (call) => revokeAllKeys(call),
  }),
  endpoint({
    method: 'get',
    path: '/keys/{kid}',
    action: 'key.show',
    summary: 'One signing key',
    description:
      'Its state, and when it may sign or will be gone. Only for unbound administrators.',
    response: keySchema,
    refuses: ['unbound_required'],
    handle: (call, { kid }) => showKey(call, kid),
  }),
  endpoint({
    method: 'post',
    path: '/keys/{kid}/revoke',
    action: 'key.revoke',
    summary: 'Take a key out of the JWKS and kill all tokens that it signed, for good',
    description:
      'The next key signs. Gateways that only read the JWKS know it and do not fetch again: they accept tokens of the revoked key until their cached JWKS ends. `force_refetch` makes them fetch, at a price.',
    body: keyRevocation,
    response: keyList,
    refuses: ['unbound_required'],
    handle: (call, { kid, body }) => revokeKey(call, kid, body),
  }),
]

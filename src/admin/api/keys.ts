// Signing keys.
import { keyQuery, keyRevocation, listKeys, revokeAllKeys, revokeKey, showKey } from '../keys.ts'
import { keyRotation, rotateKeys } from '../key-rotation.ts'
import { keyShown, keysRotated } from '../token-views.ts'
import { type Endpoint, endpoint, partOf } from './endpoint.ts'

const keyList = partOf(keyShown)

export const keys: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/keys',
    action: 'key.list',
    summary: 'All signing keys and their states',
    description: 'Oldest first, public members and times only. Only for unbound administrators.',
    query: keyQuery,
    answers: keyList,
    refuses: ['unbound_required'],
    handle: (admin, { query }) => listKeys(admin, query),
  }),
  endpoint({
    method: 'post',
    path: '/keys/rotate',
    action: 'key.rotate',
    summary: 'Let the next key sign; the one that signed stays published while its tokens live',
    description:
      'Refused while a next key has been published for less than 24 hours: some resource servers fetch the JWKS once a day, and would refuse its tokens until then. `now` does it all the same, and the answer warns.',
    body: keyRotation,
    answers: keysRotated,
    refuses: ['unbound_required', 'key_too_young'],
    handle: (admin, { body }) => rotateKeys(admin, body),
  }),
  endpoint({
    method: 'post',
    path: '/keys/revoke-all',
    action: 'key.revoke_all',
    summary: 'Revoke every key there is; all tokens are dead, this one included',
    description:
      'New keys sign at once. Gateways that only read the JWKS refuse their tokens until they fetch it. Only for unbound administrators.',
    answers: keyList,
    refuses: ['unbound_required'],
    handle: (admin) => revokeAllKeys(admin),
  }),
  endpoint({
    method: 'get',
    path: '/keys/{kid}',
    action: 'key.show',
    summary: 'One signing key',
    description:
      'Its state, and when it may sign or will be gone. Only for unbound administrators.',
    answers: keyShown,
    refuses: ['unbound_required'],
    handle: (admin, { kid }) => showKey(admin, kid),
  }),
  endpoint({
    method: 'post',
    path: '/keys/{kid}/revoke',
    action: 'key.revoke',
    summary: 'Take a key out of the JWKS and kill all tokens that it signed, for good',
    description:
      'The next key signs. Gateways that only read the JWKS know it and do not fetch again: they accept tokens of the revoked key until their cached JWKS ends. `force_refetch` makes them fetch, at a price.',
    body: keyRevocation,
    answers: keyList,
    refuses: ['unbound_required'],
    handle: (admin, { kid, body }) => revokeKey(admin, kid, body),
  }),
]

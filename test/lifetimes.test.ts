// Limits behind the promises of SECURITY.md, written out: other tests import them, and would follow
// a change.
import { expect, it } from 'vitest'
import * as server from '../src/constants.ts'
import * as verifier from '../src/verifier/constants.ts'

const HOUR = 3_600

it.each([
  ['shortest lifetime that a client or an audience may have', server.MIN_TOKEN_TTL_SECONDS, 60],
  ['longest lifetime of a token', server.MAX_TOKEN_TTL_SECONDS, 24 * HOUR],
  ['longest lifetime that a verifier accepts', verifier.MAX_LIFETIME_SECONDS, 24 * HOUR],
  ['clock tolerance of a verifier', verifier.MAX_CLOCK_TOLERANCE_SECONDS, 60],
  ['clock tolerance that the server assumes', server.MAX_CLOCK_TOLERANCE_SECONDS, 60],
  ['retention of a rule', server.RULE_RETENTION_SECONDS, 24 * HOUR + 60],
  ['time that a retiring key is published', server.KEY_RETIREMENT_SECONDS, 24 * HOUR + 60],
  ['time that a key is published before it signs', server.MIN_NEXT_AGE_SECONDS, 24 * HOUR],
  ['age of a list that a follower accepts', verifier.DEFAULT_MAX_STALENESS_SECONDS, 300],
  ['longest lifetime of an enrollment token', server.MAX_ENROLLMENT_TTL_SECONDS, 24 * HOUR],
  ['live secrets of a client', server.MAX_LIVE_SECRETS, 5],
  ['bytes of a secret', server.SECRET_BYTES, 32],
  ['bytes of the key-encryption key', server.KEK_BYTES, 32],
  ['bits of an RSA key', server.RSA_MODULUS_BITS, 2048],
  ['bits of the smallest accepted RSA key', verifier.MIN_RSA_BITS, 2048],
  ['bytes of a form', server.MAX_FORM_BYTES, 65_536],
  ['bytes of a token', server.MAX_TOKEN_BYTES, 8_192],
])('%s: %d', (_, limit, expected) => {
  expect(limit).toBe(expected)
})

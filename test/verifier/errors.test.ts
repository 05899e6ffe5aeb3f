// Error codes are an interface: each has its class, status and OAuth error.
import { describe, expect, test } from 'vitest'
import {
  AccessDenied,
  TokenInvalid,
  TokenMissing,
  type VerificationCode,
  VerificationError,
  VerifierUnavailable,
} from '../../src/verifier/index.ts'
import { errorWithCode } from '../../src/verifier/errors.ts'

const CLASSES = { TokenMissing, TokenInvalid, AccessDenied, VerifierUnavailable }

const CODES: Record<VerificationCode, [keyof typeof CLASSES, number, string | null]> = {
  token_missing: ['TokenMissing', 401, null],
  token_malformed: ['TokenInvalid', 401, 'invalid_token'],
  token_untrusted: ['TokenInvalid', 401, 'invalid_token'],
  token_expired: ['TokenInvalid', 401, 'invalid_token'],
  token_not_yet_valid: ['TokenInvalid', 401, 'invalid_token'],
  token_revoked: ['TokenInvalid', 401, 'invalid_token'],
  permission_missing: ['AccessDenied', 403, 'insufficient_scope'],
  plugin_missing: ['AccessDenied', 403, 'insufficient_scope'],
  plugin_mismatch: ['AccessDenied', 403, 'insufficient_scope'],
  endpoint_denied: ['AccessDenied', 403, 'insufficient_scope'],
  operation_denied: ['AccessDenied', 403, 'insufficient_scope'],
  capability_missing: ['AccessDenied', 403, 'insufficient_scope'],
  authorization_denied: ['AccessDenied', 403, 'insufficient_scope'],
  authorization_ambiguous: ['AccessDenied', 403, 'insufficient_scope'],
  keys_unavailable: ['VerifierUnavailable', 503, null],
  revocations_stale: ['VerifierUnavailable', 503, null],
}

describe('refusal', () => {
  test.each(Object.entries(CODES))(
    '%s has its class, status and error',
    (code, [name, status, error]) => {
      const cause = new Error('detail')
      const refused = errorWithCode(code as VerificationCode, { cause })
      expect(refused).toBeInstanceOf(VerificationError)
      expect(refused).toMatchObject({ name, code, status, error, cause })
      const others = Object.values(CLASSES).filter((type) => refused instanceof type)
      expect(others).toEqual([CLASSES[name]])
      // RFC 6750 §3: the message becomes a quoted string of a header.
      expect(refused.message).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
    },
  )
})

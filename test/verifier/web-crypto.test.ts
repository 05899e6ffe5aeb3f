// The verifier on a runtime without Node's own cryptography: the tests of signatures, forms and rules run there, too.
import { expect, test, vi } from 'vitest'
import { native } from '../../src/verifier/net/native.ts'
import { KEY, startVerifier, tokenWith } from './support.ts'

import './base64url.test.ts'
import './follower-rules.test.ts'
import './form.test.ts'
import './replaced-promise.test.ts'
import './trust.test.ts'

vi.mock('../../src/verifier/net/native.ts', () => ({ native: null }))

test('Web Crypto verifies a token here', async () => {
  const verify = vi.spyOn(crypto.subtle, 'verify')
  expect(native).toBeNull()
  expect(await startVerifier().check(tokenWith({}, { kid: KEY.kid }))).toBe('good')
  expect(verify).toHaveBeenCalledTimes(1)
  verify.mockRestore()
})

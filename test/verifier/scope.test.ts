// Permissions in a header: a text that is no scope token (RFC 6749 §3.3) is refused before.
import { describe, expect, test } from 'vitest'
import { errorWithCode } from '../../src/verifier/errors.ts'
import { anyPlugin, authorizationChallenge } from '../../src/verifier/index.ts'
import { ADAPTER_OF } from './adapters.ts'
import { forge, startVerifier } from './support.ts'

const NO_PERMISSION = [
  'a"',
  'a", error="invalid_token',
  'a\\',
  'a\r\nSet-Cookie: b=c',
  'a\n',
  'a\0',
  'a\x7f',
  'ä',
  ' a',
  'a ',
  'a  b',
  ' ',
  '',
  ['a'],
  1,
] as string[]

const challengeOf = (scope: string | null | undefined) =>
  authorizationChallenge(errorWithCode('permission_missing'), scope).headers['WWW-Authenticate']

describe.each([...NO_PERMISSION, 'a b'])('permission %j', (permission) => {
  test('is refused by verify', async () => {
    const { verifier } = startVerifier()
    const verified = verifier.verify(forge(), { permission, plugin: anyPlugin })
    await expect(verified).rejects.toThrow(/^permission is required/)
  })

  test.each(Object.entries(ADAPTER_OF))('is refused by a route of %s', (_, adapterOf) => {
    const requirePermission = adapterOf(startVerifier().verifier)
    expect(() => requirePermission(permission, { plugin: anyPlugin })).toThrow(TypeError)
  })
})

test.each(NO_PERMISSION)('challenge refuses the scope %j', (scope) => {
  expect(() => challengeOf(scope)).toThrow(TypeError)
  expect(() => authorizationChallenge(errorWithCode('token_missing'), scope)).toThrow(TypeError)
})

test.each(['a', 'hook:govern', 'a b', "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"])(
  'challenge contains the scope %j unchanged',
  (scope) => expect(challengeOf(scope)).toContain(`, scope="${scope}"`),
)

test.each([null, undefined])('challenge contains no scope for %s', (scope) => {
  expect(challengeOf(scope)).not.toContain('scope=')
})

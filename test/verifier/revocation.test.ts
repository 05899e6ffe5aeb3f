// Revocation source: when the verifier asks it, and the outcome for each answer.
import { describe, expect, test } from 'vitest'
import { VerifierUnavailable, errorWithCode } from '../../src/verifier/errors.ts'
import type { RevocationSource } from '../../src/verifier/revocation/source.ts'
import { KEY, REQUIRED, codeOf, forge, startVerifier, tokenWith } from './support.ts'

type IsRevoked = RevocationSource['isRevoked']

const checkWith = (isRevoked: IsRevoked, token = forge(), required = REQUIRED): Promise<string> =>
  startVerifier({ revocations: { isRevoked } }).check(token, required)

describe('answer of the revocation source', () => {
  const fails = (error: unknown) => () => {
    throw error
  }
  test.each<[string, () => unknown, string]>([
    ['false', () => false, 'good'],
    ['a promise of false', () => Promise.resolve(false), 'good'],
    ['true', () => true, 'token_revoked'],
    ['a promise of true', () => Promise.resolve(true), 'token_revoked'],
    ['undefined', () => undefined, 'token_revoked'],
    ['a promise of undefined', () => Promise.resolve(), 'token_revoked'],
    ['null', () => null, 'token_revoked'],
    ['0', () => 0, 'token_revoked'],
    ['an empty text', () => '', 'token_revoked'],
    ['"false"', () => 'false', 'token_revoked'],
    ['an object', () => ({ revoked: false }), 'token_revoked'],
    ['an error', fails(new Error('down')), 'revocations_stale'],
    ['a rejected promise', () => Promise.reject(new Error('down')), 'revocations_stale'],
    ['undefined thrown', fails(undefined), 'revocations_stale'],
    ['a TypeError', fails(new TypeError('x is not a function')), 'revocations_stale'],
    ['the refusal token_missing', fails(errorWithCode('token_missing')), 'revocations_stale'],
    [
      'the refusal permission_missing',
      fails(errorWithCode('permission_missing')),
      'revocations_stale',
    ],
    [
      'the refusal revocations_stale',
      fails(errorWithCode('revocations_stale')),
      'revocations_stale',
    ],
    ['the refusal keys_unavailable', fails(errorWithCode('keys_unavailable')), 'keys_unavailable'],
  ])('may be %s: %3$s', async (_, answer, code) => {
    expect(await checkWith(answer as IsRevoked)).toBe(code)
  })

  test('stays the cause of the refusal and out of its text', async () => {
    const cause = new Error('postgres://user:secret@db')
    const { verifier } = startVerifier({ revocations: { isRevoked: fails(cause) } })
    const error: unknown = await verifier
      .verify(forge(), REQUIRED)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(VerifierUnavailable)
    expect(error).toMatchObject({ status: 503, error: null, cause })
    expect(String(error)).not.toContain('secret')
  })
})

describe('question to the revocation source', () => {
  test('has the claims, the key and the text of the token, at each use', async () => {
    const asked: unknown[][] = []
    const source = {
      isRevoked(...question: unknown[]) {
        asked.push([this === source, ...question])
        return false
      },
    }
    const { verifier } = startVerifier({ revocations: source })
    const token = forge()
    const { claims } = await verifier.verify(token, REQUIRED)
    await verifier.verify(token, REQUIRED)
    const question = [true, claims, { kid: KEY.kid, token }]
    expect(asked).toEqual([question, question])
  })

  test.each([
    ['a malformed token', 'x'],
    ['an untrusted token', forge({ header: { alg: 'none' } })],
    ['a token for another audience', tokenWith({ aud: 'other' })],
    ['an expired token', tokenWith({ iat: 1, exp: 2 })],
    ['a missing token', ''],
  ])('is left out for %s', async (_, token) => {
    let asked = 0
    expect(await checkWith(() => (asked += 1) < 0, token)).not.toBe('good')
    expect(asked).toBe(0)
  })

  test('comes before the check of permissions', async () => {
    const required = { permission: 'other', plugin: 'other' }
    expect(await checkWith(() => true, forge(), required)).toBe('token_revoked')
    expect(await checkWith(() => false, forge(), required)).toBe('permission_missing')
  })
})

test('verifier with revocations: none asks for keys only', async () => {
  const { verifier, server } = startVerifier({ revocations: 'none' })
  expect(await codeOf(verifier.verify(forge(), REQUIRED))).toBe('good')
  expect(server.requests.map(({ url }) => url)).toEqual([
    'https://auth.example/.well-known/jwks.json',
  ])
})

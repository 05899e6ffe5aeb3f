// Who is asked whether a token has been taken back, and what becomes of the answer.
import { describe, expect, test } from 'vitest'
import { VerifierUnavailable, refusal } from '../../src/verifier/errors.ts'
import type { RevocationSource } from '../../src/verifier/revocation/source.ts'
import { KEY, REQUIRED, codeOf, forge, startVerifier, tokenWith } from './support.ts'

type IsRevoked = RevocationSource['isRevoked']

const checkWith = (isRevoked: IsRevoked, token = forge(), required = REQUIRED): Promise<string> =>
  startVerifier({ revocations: { isRevoked } }).check(token, required)

describe('the answer', () => {
  const fails = (error: unknown) => () => {
    throw error
  }
  test.each<[string, () => unknown, string]>([
    ['no', () => false, 'good'],
    ['no, later', () => Promise.resolve(false), 'good'],
    ['yes', () => true, 'token_revoked'],
    ['yes, later', () => Promise.resolve(true), 'token_revoked'],
    ['nothing', () => undefined, 'token_revoked'],
    ['nothing, later', () => Promise.resolve(), 'token_revoked'],
    ['null', () => null, 'token_revoked'],
    ['0', () => 0, 'token_revoked'],
    ['an empty text', () => '', 'token_revoked'],
    ['"false"', () => 'false', 'token_revoked'],
    ['an object', () => ({ revoked: false }), 'token_revoked'],
    ['an error', fails(new Error('down')), 'revocations_stale'],
    ['an error, later', () => Promise.reject(new Error('down')), 'revocations_stale'],
    ['nothing thrown', fails(undefined), 'revocations_stale'],
    ['a TypeError', fails(new TypeError('x is not a function')), 'revocations_stale'],
    ['a refusal of its own', fails(refusal('token_missing')), 'revocations_stale'],
    ['another one', fails(refusal('permission_missing')), 'revocations_stale'],
    ['that it cannot say', fails(refusal('revocations_stale')), 'revocations_stale'],
    ['that it has no keys', fails(refusal('keys_unavailable')), 'keys_unavailable'],
  ])('%s: %3$s', async (_, answer, code) => {
    expect(await checkWith(answer as IsRevoked)).toBe(code)
  })

  test('an error is kept as the cause and is not said', async () => {
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

describe('the question', () => {
  test('is what the token says, its key and its text; once for each use', async () => {
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
    ['malformed', 'x'],
    ['untrusted', forge({ header: { alg: 'none' } })],
    ['for another audience', tokenWith({ aud: 'other' })],
    ['expired', tokenWith({ iat: 1, exp: 2 })],
    ['missing', ''],
  ])('is not asked of a token that is %s', async (_, token) => {
    let asked = 0
    expect(await checkWith(() => (asked += 1) < 0, token)).not.toBe('good')
    expect(asked).toBe(0)
  })

  test('comes before what the token allows', async () => {
    const required = { permission: 'other', plugin: 'other' }
    expect(await checkWith(() => true, forge(), required)).toBe('token_revoked')
    expect(await checkWith(() => false, forge(), required)).toBe('permission_missing')
  })
})

test("'none': nobody is asked", async () => {
  const { verifier, server } = startVerifier({ revocations: 'none' })
  expect(await codeOf(verifier.verify(forge(), REQUIRED))).toBe('good')
  expect(server.requests.map(({ url }) => url)).toEqual([
    'https://auth.example/.well-known/jwks.json',
  ])
})

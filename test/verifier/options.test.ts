// Options of a verifier: wrong ones are refused when it is created.
import { describe, expect, test } from 'vitest'
import type { VerifierOptions } from '../../src/verifier/types.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'
import { AUDIENCE, ISSUER, startVerifier } from './support.ts'

const OPTIONS: VerifierOptions = { issuer: ISSUER, audience: AUDIENCE, revocations: 'none' }

describe('createVerifier', () => {
  test.each<[string, object]>([
    ['no issuer', { issuer: undefined }],
    ['an empty issuer', { issuer: '' }],
    ['an issuer that is a host name', { issuer: 'auth.example' }],
    ['several issuers', { issuer: [ISSUER] }],
    ['no audience', { audience: undefined }],
    ['an empty audience', { audience: '' }],
    ['several audiences', { audience: [AUDIENCE] }],
    ['revocations null', { revocations: null }],
    ['revocations false', { revocations: false }],
    ['revocations misspelled', { revocations: 'None' }],
    ['a source without isRevoked', { revocations: {} }],
    ['a source that is a function', { revocations: () => false }],
    ['a relative jwksUri', { jwksUri: '/.well-known/jwks.json' }],
    ['a relative revocationsUri', { revocationsUri: '/oauth/revocations' }],
    ['a list over plain http', { revocationsUri: 'http://auth.example/oauth/revocations' }],
    ['onStale misspelled', { onStale: 'Accept' }],
    ['onStale as a boolean', { onStale: true }],
    ['follow misspelled', { follow: 'none' }],
    ...[0, 59, 86_401, NaN, Infinity, '300', null].map((maxStaleness): [string, object] => [
      `maxStaleness ${maxStaleness}`,
      { maxStaleness },
    ]),
    ['plugins misspelled', { plugins: 'None' }],
    ['plugins as a list', { plugins: [] }],
    ['plugins null', { plugins: null }],
    ['plugins false', { plugins: false }],
    ['no algorithms', { algorithms: [] }],
    ['algorithm none', { algorithms: ['none'] }],
    ['a symmetric algorithm', { algorithms: ['RS256', 'HS256'] }],
    ['an unknown algorithm', { algorithms: ['toString'] }],
    ['an algorithm outside a list', { algorithms: 'RS256' }],
    ...[-1, 60.5, 61, NaN, Infinity, '5', null].map((clockTolerance): [string, object] => [
      `clockTolerance ${clockTolerance}`,
      { clockTolerance },
    ]),
    ...[-1, NaN, Infinity, '5', null].flatMap((value): [string, object][] => [
      [`keysMaxStale ${value}`, { keysMaxStale: value }],
      [`maxRemembered ${value}`, { maxRemembered: value }],
    ]),
  ])('throws a TypeError for %s', (_, options) => {
    const create = () => createVerifier({ ...OPTIONS, ...options } as VerifierOptions)
    expect(create).toThrow(TypeError)
  })

  test('throws a TypeError without options', () => {
    expect(() => createVerifier({} as VerifierOptions)).toThrow(TypeError)
  })
})

test('verifier fetches nothing before its first token', () => {
  expect(startVerifier().server.asked()).toBe(0)
})

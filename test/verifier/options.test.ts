// A verifier that is set up wrongly is none.
import { describe, expect, test } from 'vitest'
import type { VerifierOptions } from '../../src/verifier/types.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'
import { AUDIENCE, ISSUER, startVerifier } from './support.ts'

const OPTIONS: VerifierOptions = { issuer: ISSUER, audience: AUDIENCE, revocations: 'none' }

describe('refused when it is made', () => {
  test.each<[string, object]>([
    ['no issuer', { issuer: undefined }],
    ['an empty issuer', { issuer: '' }],
    ['an issuer that is no URL', { issuer: 'auth.example' }],
    ['several issuers', { issuer: [ISSUER] }],
    ['no audience', { audience: undefined }],
    ['an empty audience', { audience: '' }],
    ['several audiences', { audience: [AUDIENCE] }],
    ['revocations null', { revocations: null }],
    ['revocations false', { revocations: false }],
    ['revocations misspelt', { revocations: 'None' }],
    ['a source that cannot say', { revocations: {} }],
    ['a source that is a function', { revocations: () => false }],
    ['keys from nowhere', { jwksUri: '/.well-known/jwks.json' }],
    ['a list from nowhere', { revocationsUri: '/oauth/revocations' }],
    ['a list over plain http', { revocationsUri: 'http://auth.example/oauth/revocations' }],
    ['accepting misspelt', { onStale: 'Accept' }],
    ['accepting as a flag', { onStale: true }],
    ['following misspelt', { follow: 'none' }],
    ...[0, 59, 86_401, NaN, Infinity, '300', null].map((maxStaleness): [string, object] => [
      `a list of ${maxStaleness} seconds`,
      { maxStaleness },
    ]),
    ['plugins misspelt', { plugins: 'None' }],
    ['plugins as a list', { plugins: [] }],
    ['plugins null', { plugins: null }],
    ['plugins false', { plugins: false }],
    ['no algorithms', { algorithms: [] }],
    ['algorithm none', { algorithms: ['none'] }],
    ['a symmetric algorithm', { algorithms: ['RS256', 'HS256'] }],
    ['an algorithm that nobody knows', { algorithms: ['toString'] }],
    ['an algorithm in no list', { algorithms: 'RS256' }],
    ...[-1, 60.5, 61, NaN, Infinity, '5', null].map((clockTolerance): [string, object] => [
      `a tolerance of ${clockTolerance}`,
      { clockTolerance },
    ]),
    ...[-1, NaN, Infinity, '5', null].flatMap((value): [string, object][] => [
      [`stale keys for ${value}`, { keysMaxStale: value }],
      [`a memory of ${value}`, { maxRemembered: value }],
    ]),
  ])('%s', (_, options) => {
    const create = () => createVerifier({ ...OPTIONS, ...options } as VerifierOptions)
    expect(create).toThrow(TypeError)
  })

  test('nothing said', () => {
    expect(() => createVerifier({} as VerifierOptions)).toThrow(TypeError)
  })
})

test('nothing is fetched before there is a token', () => {
  expect(startVerifier().server.asked()).toBe(0)
})

// Issuer for the tests of resource servers, without server and network.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type TestIssuer,
  type TestRevocation,
  createTestIssuer,
} from '../../src/verifier/testing/issuer.ts'
import type { VerifierOptions } from '../../src/verifier/types.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'
import { decode } from '../support/jwt.ts'
import { NOW, codeOf } from './support.ts'

const network = vi.fn<() => Promise<Response>>(() => Promise.reject(new Error('no network')))
beforeEach(() => void vi.stubGlobal('fetch', network))
afterEach(() => {
  expect(network).not.toHaveBeenCalled()
  vi.unstubAllGlobals()
})

const testIssuer = await createTestIssuer()
const { issuer, token, fetch, jwks } = testIssuer
const verifierFor = (options: Partial<VerifierOptions> = {}) =>
  createVerifier({ issuer, audience: 'hook', revocations: 'none', fetch, ...options })

const USUAL = { audience: 'hook', scope: 'hook:govern', pluginId: 'acme.sync' }
const REQUIRED = { permission: 'hook:govern', plugin: 'acme.sync' }

test('test issuer issues valid tokens with the requested contents', async () => {
  expect(await verifierFor().verify(await token(USUAL), REQUIRED)).toMatchObject({
    permissions: ['hook:govern'],
    pluginId: 'acme.sync',
    claims: { iss: issuer, aud: 'hook' },
  })
})

test('test issuer issues tokens in the form of a server', async () => {
  const { header, claims } = decode(await token(USUAL))
  expect(header).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: jwks.keys[0]?.kid })
  expect(claims).toEqual({
    iss: 'https://issuer.test',
    sub: 'lkc_test',
    client_id: 'lkc_test',
    client_gen: 1,
    aud: 'hook',
    scope: 'hook:govern',
    iat: expect.any(Number) as unknown,
    exp: Number(claims['iat']) + 900,
    jti: expect.any(String) as unknown,
    workspace_id: 'default',
    workspace_gen: 1,
    workspace_ref: 'ref-default',
    plugin_id: 'acme.sync',
    plugin_gen: 1,
    plugin_trust: 'restricted',
    plugin_capabilities: [],
  })
})

describe('token of the test issuer', () => {
  test.each<[string, object]>([
    ['token_expired', { expiresIn: -10 }],
    ['token_untrusted', { audience: 'other' }],
    ['token_untrusted', { claims: { iss: 'https://other.test' } }],
    ['token_untrusted', { header: { typ: 'JWT' } }],
    ['token_malformed', { claims: { exp: undefined } }],
    ['permission_missing', { scope: 'hook:governor' }],
    ['permission_missing', { scope: undefined }],
    ['plugin_missing', { pluginId: undefined }],
    ['plugin_mismatch', { pluginId: 'other' }],
  ])('is refused with %s for the options %j', async (code, options) => {
    const sent = await token({ ...USUAL, ...options } as typeof USUAL)
    expect(await codeOf(verifierFor().verify(sent, REQUIRED))).toBe(code)
  })

  test('is refused with token_revoked when the source reports it', async () => {
    const verifier = verifierFor({ revocations: { isRevoked: () => true } })
    expect(await codeOf(verifier.verify(await token(USUAL), REQUIRED))).toBe('token_revoked')
  })
})

test('test issuer adds no plugin claims without pluginId', async () => {
  const { claims } = decode(await token({ audience: 'hook' }))
  expect(Object.keys(claims).filter((name) => name.startsWith('plugin'))).toEqual([])
  expect(claims['scope']).toBe('')
})

test('test issuer adds the given authorization details, and none by default', async () => {
  const authorizationDetails = [{ type: 'playlist', identifier: 'p1', actions: ['play'] }]
  const given = decode(await token({ ...USUAL, authorizationDetails })).claims
  expect(given['authorization_details']).toEqual(authorizationDetails)
  const none = decode(await token({ ...USUAL, authorizationDetails: [] })).claims
  expect(none['authorization_details']).toEqual([])
  expect(decode(await token(USUAL)).claims).not.toHaveProperty('authorization_details')
})

test('test issuer gives each token its own jti', async () => {
  const ids = await Promise.all(
    [token(USUAL), token(USUAL)].map(async (t) => decode(await t).claims['jti']),
  )
  expect(new Set(ids).size).toBe(2)
})

test('test issuer uses the given clock and name', async () => {
  const clock = () => NOW * 1000 + 999
  const own = await createTestIssuer({ issuer: 'https://own.test', clock })
  const sent = await own.token(USUAL)
  expect(decode(sent).claims).toMatchObject({ iss: 'https://own.test', iat: NOW, exp: NOW + 900 })
  const verifier = verifierFor({ issuer: own.issuer, fetch: own.fetch, clock })
  expect(await codeOf(verifier.verify(sent, REQUIRED))).toBe('good')
})

test('test issuers do not trust each other', async () => {
  const { token: theirs } = await createTestIssuer()
  expect(await codeOf(verifierFor().verify(await theirs(USUAL), REQUIRED))).toBe('token_untrusted')
})

test('test issuer serves its public keys and answers 404 elsewhere', async () => {
  const response = await fetch(`${issuer}/.well-known/jwks.json`)
  expect([response.status, await response.json()]).toEqual([200, jwks])
  expect(Object.keys(jwks.keys[0] ?? {}).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
  expect((await fetch(`${issuer}/other`)).status).toBe(404)
})

describe('revocation at the test issuer', () => {
  const RUN = { type: 'tool_run', identifier: 'run-1', project_id: 'p', locations: [], actions: [] }
  const sent = { ...USUAL, authorizationDetails: [RUN] }
  const followerOf = (own: TestIssuer) => createVerifier({ ...own, audience: 'hook' })

  test.each<[string, (jti: string, kid: string) => TestRevocation]>([
    ['one jti', (jti) => ({ jti })],
    ['a run', () => ({ run: 'run-1' })],
    ['a client', () => ({ client: 'lkc_test' })],
    ['a plugin', () => ({ plugin: 'acme.sync' })],
    ['a workspace', () => ({ workspace: 'default' })],
    ['a key', (_, key) => ({ key })],
  ])('makes tokens of %s refused, and later tokens stay valid', async (_, of) => {
    const own = await createTestIssuer()
    const verifier = followerOf(own)
    const given = await own.token(sent)
    const { header, claims } = decode(given)
    expect(await codeOf(verifier.verify(given, REQUIRED))).toBe('good')
    await own.revoke({ jti: 'another' })
    await own.revoke(of(claims['jti'] as string, header['kid'] as string))
    await vi.waitFor(async () => {
      expect(await codeOf(verifier.verify(given, REQUIRED))).toBe('token_revoked')
    })
    const newer = { workspace_id: 'w2', client_gen: 2, plugin_gen: 2 }
    const later = await own.token({ ...sent, claims: newer })
    expect(await codeOf(verifier.verify(later, REQUIRED))).toBe('good')
    verifier.close()
  })

  test('is absent by default: the list is empty, and the next request is held', async () => {
    const own = await createTestIssuer()
    const verifier = followerOf(own)
    await verifier.ready()
    expect(verifier.status().revocations).toMatchObject({ stale: false, entries: { jti: 0 } })
    verifier.close()
  })
})

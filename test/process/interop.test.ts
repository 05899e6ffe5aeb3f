// Libraries of other projects against the real server: both sides share the RFCs alone.
import buildGetJwks from 'get-jwks'
import { createRemoteJWKSet, importSPKI, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecords } from '../support/database.ts'
import { INACTIVE, createCaller } from '../support/http.ts'
import { decode } from '../support/jwt.ts'
import { type Place, type ServerProcess, seededPlace, startServer } from '../support/processes.ts'
import type { ClientCredentials } from '../support/records.ts'

const API = 'https://api.example/v1'

let place: Place
let server: ServerProcess
let credentials: ClientCredentials
beforeAll(async () => {
  place = await seededPlace()
  server = await startServer(place)
  const records = openRecords(place)
  await records.audience(API, ['read', 'write>read'])
  const grants = { hook: ['hook:govern', 'hook:track'], [API]: ['write'] }
  credentials = await records.client({ grants, plugins: ['p'] })
  await records.close()
})
afterAll(async () => {
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
})

type Wanted = Record<string, string>
type Given = { aud: string; scope: string }

const REQUESTS: [wanted: Wanted, given: Given][] = [
  [{ audience: 'hook' }, { aud: 'hook', scope: 'hook:govern hook:track' }],
  [
    { audience: 'hook', scope: 'hook:track' },
    { aud: 'hook', scope: 'hook:track' },
  ],
  [{ resource: API }, { aud: API, scope: 'write read' }],
  [
    { resource: API, scope: 'read' },
    { aud: API, scope: 'read' },
  ],
]

const expectToken = (token: string, expiresIn: number | undefined, given: Given): void => {
  const { header, claims } = decode(token)
  expect(header).toMatchObject({ alg: 'RS256', typ: 'at+jwt' })
  expect(claims).toMatchObject({ ...given, iss: place.url, client_id: credentials.id })
  expect(expiresIn).toBe(Number(claims['exp']) - Number(claims['iat']))
}

/** RFC 8414, and OpenID Connect Discovery, which both libraries use by default. */
const DISCOVERIES = ['oauth2', 'oidc'] as const

describe.each(DISCOVERIES)('oauth4webapi with discovery by %s', (algorithm) => {
  const INSECURE = { [oauth.allowInsecureRequests]: true }
  const METHODS = {
    client_secret_basic: () => oauth.ClientSecretBasic(credentials.secret),
    client_secret_post: () => oauth.ClientSecretPost(credentials.secret),
  }

  const discover = async (): Promise<oauth.AuthorizationServer> => {
    const issuer = new URL(place.url)
    const response = await oauth.discoveryRequest(issuer, { algorithm, ...INSECURE })
    return await oauth.processDiscoveryResponse(issuer, response)
  }

  const request = (token: string) =>
    new Request(`${API}/things`, { headers: { authorization: `Bearer ${token}` } })

  it.each(Object.entries(METHODS))('gets, introspects and revokes with %s', async (_, method) => {
    const as = await discover()
    const client: oauth.Client = { client_id: credentials.id }
    const auth = method()
    const introspect = async (token: string) => {
      const response = await oauth.introspectionRequest(as, client, auth, token, INSECURE)
      return await oauth.processIntrospectionResponse(as, client, response)
    }
    for (const [wanted, given] of REQUESTS) {
      const response = await oauth.clientCredentialsGrantRequest(as, client, auth, wanted, INSECURE)
      const result = await oauth.processClientCredentialsResponse(as, client, response)
      const { access_token: token, expires_in: expiresIn, token_type: type } = result
      expect(type).toBe('bearer')
      expect(result.scope).toBe(given.scope)
      expectToken(token, expiresIn, given)

      const claims = await oauth.validateJwtAccessToken(as, request(token), given.aud, INSECURE)
      expect(claims).toMatchObject({ ...given, sub: credentials.id })
      const elsewhere = given.aud === 'hook' ? API : 'hook'
      await expect(
        oauth.validateJwtAccessToken(as, request(token), elsewhere, INSECURE),
      ).rejects.toThrow('unexpected JWT "aud" (audience) claim value')

      expect(await introspect(token)).toMatchObject({ active: true, ...given })
      const revoked = await oauth.revocationRequest(as, client, auth, token, INSECURE)
      await oauth.processRevocationResponse(revoked)
      expect(JSON.stringify(await introspect(token))).toBe(INACTIVE)
    }
  })

  it('parses a refusal', async () => {
    const as = await discover()
    const client: oauth.Client = { client_id: credentials.id }
    const refused = async (auth: oauth.ClientAuth, wanted: Wanted) => {
      const response = await oauth.clientCredentialsGrantRequest(as, client, auth, wanted, INSECURE)
      return await oauth.processClientCredentialsResponse(as, client, response)
    }
    await expect(refused(oauth.ClientSecretBasic('wrong'), {})).rejects.toMatchObject({
      name: 'WWWAuthenticateChallengeError',
      status: 401,
    })
    const auth = METHODS.client_secret_basic()
    await expect(refused(auth, { audience: 'hook', scope: 'admin:write' })).rejects.toMatchObject({
      name: 'ResponseBodyError',
      error: 'invalid_scope',
    })
  })
})

describe.each(DISCOVERIES)('openid-client with discovery by %s', (algorithm) => {
  const METHODS = {
    client_secret_basic: () => openid.ClientSecretBasic(credentials.secret),
    client_secret_post: () => openid.ClientSecretPost(credentials.secret),
  }

  it.each(Object.entries(METHODS))('gets, introspects and revokes with %s', async (_, method) => {
    const issuer = new URL(place.url)
    const config = await openid.discovery(issuer, credentials.id, undefined, method(), {
      algorithm,
      execute: [openid.allowInsecureRequests],
    })
    for (const [wanted, given] of REQUESTS) {
      const result = await openid.clientCredentialsGrant(config, wanted)
      const { access_token: token } = result
      expectToken(token, result.expires_in, given)
      expect(await openid.tokenIntrospection(config, token)).toMatchObject({
        active: true,
        ...given,
      })
      await openid.tokenRevocation(config, token)
      expect(JSON.stringify(await openid.tokenIntrospection(config, token))).toBe(INACTIVE)
    }
  })
})

it('openid-client discovers the server by its default', async () => {
  const config = await openid.discovery(
    new URL(place.url),
    credentials.id,
    undefined,
    openid.ClientSecretBasic(credentials.secret),
    { execute: [openid.allowInsecureRequests] },
  )
  expect(config.serverMetadata()).toMatchObject({ issuer: place.url })
  const { access_token: token, expires_in: expiresIn } = await openid.clientCredentialsGrant(
    config,
    { audience: 'hook' },
  )
  expectToken(token, expiresIn, { aud: 'hook', scope: 'hook:govern hook:track' })
})

describe('get-jwks', () => {
  it.each([true, false])('finds the key of a token (discovery: %s)', async (discovers) => {
    const token = await createCaller(place.url).issue(credentials, { resource: API })
    const { kid, alg } = decode(token).header as { kid: string; alg: string }
    const getJwks = buildGetJwks({ providerDiscovery: discovers })
    const pem = await getJwks.getPublicKey({ domain: place.url, kid, alg })
    const { payload } = await jwtVerify(token, await importSPKI(pem, alg), { audience: API })
    expect(payload).toMatchObject({ iss: place.url, client_id: credentials.id })
    await expect(getJwks.getJwk({ domain: place.url, kid: 'other', alg })).rejects.toThrow()
  })
})

describe('jose', () => {
  it('verifies a token with the published keys, for its audience only', async () => {
    const keys = createRemoteJWKSet(new URL(`${place.url}/.well-known/jwks.json`))
    const token = await createCaller(place.url).issue(credentials, { resource: API })
    const expected = { issuer: place.url, audience: API, typ: 'at+jwt', algorithms: ['RS256'] }
    const { payload } = await jwtVerify(token, keys, expected)
    expect(payload).toMatchObject({ sub: credentials.id, client_id: credentials.id, aud: API })
    await expect(jwtVerify(token, keys, { ...expected, audience: 'hook' })).rejects.toMatchObject({
      code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
      claim: 'aud',
    })
  })
})

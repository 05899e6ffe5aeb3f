// An issuer in the process, for the tests of resource servers: tokens, keys and a revocation list
// without a server.
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { WebCryptoKey } from '../keys/jwk.ts'
import type { AuthorizationDetail } from '../token/details.ts'
import { type TestRevocation, createTestList, testReference } from './list.ts'

export type { TestRevocation }

/** Contents of a test token (RFC 9068). */
export type TestTokenOptions = {
  /** `aud`. */
  audience: string
  /** Permissions with one space between them (RFC 6749 §3.3). Default: none. */
  scope?: string
  pluginId?: string
  /** `authorization_details`, as in the token (RFC 9396). */
  authorizationDetails?: readonly AuthorizationDetail[]
  /** Lifetime in seconds; negative for an expired token. Default: 900. */
  expiresIn?: number
  /** Further or replaced claims. */
  claims?: Record<string, unknown>
  /** Further or replaced members of the header. */
  header?: Record<string, unknown>
}

/** A public key of the issuer (RFC 7517), for RS256. */
export type TestKey = {
  kty: string
  n: string
  e: string
  kid: string
  alg: 'RS256'
  use: 'sig'
}

/** An issuer for tests. */
export type TestIssuer = {
  readonly issuer: string
  /** The JWK Set (RFC 7517 §5). */
  readonly jwks: { keys: TestKey[] }
  /**
   * Signs a token, as the server would issue it.
   * @example
   * const expired = await testIssuer.token({ audience: 'hook', expiresIn: -60 })
   */
  readonly token: (options: TestTokenOptions) => Promise<string>
  /**
   * Revokes tokens. A verifier that follows the list refuses them a moment later. A revoked key is
   * replaced by a new one.
   * @example
   * await testIssuer.revoke({ client: 'lkc_test' })
   */
  readonly revoke: (revocation: TestRevocation) => Promise<void>
  /**
   * Function for `createVerifier({ fetch })`: serves the keys and the revocation list, and 404
   * otherwise.
   */
  readonly fetch: (url: string, init?: { signal?: AbortSignal | null }) => Promise<Response>
}

/**
 * Creates an issuer for tests, with one RS256 key.
 * @example
 * const issuer = await createTestIssuer()
 * const tested = createVerifier({ issuer: issuer.issuer, audience: 'hook', fetch: issuer.fetch })
 * const good = await issuer.token({ audience: 'hook', scope: 'hook:track', pluginId: 'acme.sync' })
 * await tested.verify(good, { permission: 'hook:track', plugin: 'acme.sync' })
 * tested.close()
 */
export const createTestIssuer = async ({
  issuer = 'https://issuer.test',
  clock = () => Date.now(),
}: {
  /** Origin of the issuer. Default: `https://issuer.test`. */
  issuer?: string
  /** Milliseconds since the epoch. Default: `Date.now`. */
  clock?: () => number
} = {}): Promise<TestIssuer> => {
  let key = await newKey()
  const jwks = { keys: [key.jwk] }
  const uri = `${issuer}/oauth/revocations`
  const list = createTestList({ uri, clock, signer: () => key })
  return {
    issuer,
    jwks,
    token: (options) => sign(options, { issuer, clock, ...key }),
    async revoke(revocation) {
      if ('key' in revocation) {
        if (revocation.key === key.kid) key = await newKey()
        jwks.keys.splice(0, jwks.keys.length, key.jwk)
      }
      await list.add(revocation)
    },
    async fetch(url, init) {
      const requested = new URL(url)
      const location = requested.origin + requested.pathname
      if (location === `${issuer}/.well-known/jwks.json`) {
        return Response.json(jwks, { headers: { 'Cache-Control': 'max-age=3600' } })
      }
      return location === uri
        ? list.serve(requested, init?.signal)
        : new Response(null, { status: 404 })
    },
  }
}

const newKey = async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const { kty, n, e } = (await exportJWK(publicKey)) as Pick<TestKey, 'kty' | 'n' | 'e'>
  const kid = await calculateJwkThumbprint({ kty, n, e })
  const jwk: TestKey = { kty, n, e, kid, alg: 'RS256', use: 'sig' }
  return { kid, privateKey, jwk }
}

type SignContext = { issuer: string; kid: string; privateKey: WebCryptoKey; clock: () => number }

const sign = (
  options: TestTokenOptions,
  { issuer, kid, privateKey, clock }: SignContext,
): Promise<string> => {
  const { audience, scope = '', pluginId, authorizationDetails, expiresIn = 900 } = options
  const iat = Math.floor(clock() / 1000)
  const { workspace_id: workspace }: Record<string, unknown> = {
    workspace_id: 'default',
    ...options.claims,
  }
  return new SignJWT({
    iss: issuer,
    sub: 'lkc_test',
    client_id: 'lkc_test',
    client_gen: 1,
    aud: audience,
    scope,
    iat,
    exp: iat + expiresIn,
    jti: crypto.randomUUID(),
    workspace_id: 'default',
    workspace_gen: 1,
    workspace_ref: testReference(typeof workspace === 'string' ? workspace : ''),
    ...(pluginId !== undefined && {
      plugin_id: pluginId,
      plugin_gen: 1,
      plugin_trust: 'restricted',
      plugin_capabilities: [],
    }),
    ...(authorizationDetails !== undefined && { authorization_details: authorizationDetails }),
    ...options.claims,
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...options.header })
    .sign(privateKey)
}

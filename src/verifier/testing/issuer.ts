// An issuer in the process, for resource servers' own tests: tokens and keys without a server.
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { AuthorizationDetail } from '../token/details.ts'
import type { WebCryptoKey } from '../keys/jwk.ts'
import { type TestRevocation, createTestList, testReference } from './list.ts'

export type { TestRevocation }

export type TestTokenOptions = {
  audience: string
  /** Permissions. */
  scope?: string
  pluginId?: string
  /** As the token is to have them (RFC 9396). */
  authorizationDetails?: readonly AuthorizationDetail[]
  /** Seconds from now; negative for a token that has expired. Default: 900. */
  expiresIn?: number
  /** Further claims, or others in place of the usual ones. */
  claims?: Record<string, unknown>
  /** Further members of the header, or others in place of the usual ones. */
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

export type TestIssuer = {
  readonly issuer: string
  readonly jwks: { keys: TestKey[] }
  /** A signed token, as the server would issue it. */
  readonly token: (options: TestTokenOptions) => Promise<string>
  /** Takes tokens back: a verifier that follows the list knows a moment later. A key gives way to a new one. */
  readonly revoke: (revocation: TestRevocation) => Promise<void>
  /** For `createVerifier({ fetch })`: serves the keys and the revocation list, and nothing else. */
  readonly fetch: (url: string, init?: { signal?: AbortSignal | null }) => Promise<Response>
}

/**
 * @param issuer its origin. Default: `https://issuer.test`
 * @param clock milliseconds since the epoch. Default: `Date.now`
 */
export const createTestIssuer = async ({
  issuer = 'https://issuer.test',
  clock = () => Date.now(),
}: { issuer?: string; clock?: () => number } = {}): Promise<TestIssuer> => {
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
      const asked = new URL(url)
      const location = asked.origin + asked.pathname
      if (location === `${issuer}/.well-known/jwks.json`) {
        return Response.json(jwks, { headers: { 'Cache-Control': 'max-age=3600' } })
      }
      return location === uri
        ? list.serve(asked, init?.signal)
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

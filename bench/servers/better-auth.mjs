// Better Auth with its plugins jwt (RS256) and oauthProvider, and its adapter in memory. The client is written as its
// registration would: the plugin stores the SHA-256 of the secret.
import { createHash } from 'node:crypto'
import { oauthProvider } from '@better-auth/oauth-provider'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'
import { TTL_SECONDS, serve } from './serve.mjs'

const MODELS = [
  'user session account verification jwks oauthClient oauthResource oauthClientResource',
  'oauthAccessToken oauthRefreshToken oauthConsent oauthClientAssertion',
]
  .join(' ')
  .split(' ')

await serve(async ({ clientId, secret, claims }) => {
  const { iss: _iss, sub: _sub, aud, scope, client_id: _id, ...others } = claims
  const scopes = scope.split(' ')
  const auth = betterAuth({
    baseURL: 'http://localhost',
    secret: 'x'.repeat(32),
    database: memoryAdapter(Object.fromEntries(MODELS.map((name) => [name, []]))),
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    plugins: [
      jwt({ jwks: { keyPairConfig: { alg: 'RS256', modulusLength: 2048 } } }),
      oauthProvider({
        loginPage: '/login',
        consentPage: '/consent',
        scopes,
        resources: [{ identifier: `urn:audience:${aud}`, name: aud }],
        enforcePerClientResources: false,
        m2mAccessTokenExpiresIn: TTL_SECONDS,
        customAccessTokenClaims: () => others,
      }),
    ],
  })
  const { adapter } = await auth.$context
  await adapter.create({
    model: 'oauthClient',
    data: {
      clientId,
      clientSecret: createHash('sha256').update(secret).digest('base64url'),
      name: 'Benchmark',
      redirectUris: ['http://localhost/callback'],
      tokenEndpointAuthMethod: 'client_secret_basic',
      grantTypes: ['client_credentials'],
      scopes,
      clientCredentialsScopes: scopes,
      createdAt: new Date(),
      updatedAt: new Date(),
    },
  })
  const listener = toNodeHandler(auth)
  const jwks = async () =>
    (await auth.handler(new Request('http://localhost/api/auth/jwks'))).json()
  return { listener, jwks: await jwks() }
})

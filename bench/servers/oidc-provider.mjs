// oidc-provider with its adapter in memory: one client, one resource server whose access tokens are RS256 JWTs.
import { createPrivateKey } from 'node:crypto'
import { Provider } from 'oidc-provider'
import { TTL_SECONDS, serve } from './serve.mjs'

await serve((setup) => {
  const { clientId, secret, kid, claims } = setup
  const { iss: _iss, sub: _sub, aud, scope, client_id: _id, ...others } = claims
  const resource = `urn:audience:${aud}`
  const jwk = createPrivateKey(setup.privateKey).export({ format: 'jwk' })
  const provider = new Provider('http://localhost', {
    clients: [
      {
        client_id: clientId,
        client_secret: secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    jwks: { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] },
    routes: { token: '/oauth/token' },
    scopes: scope.split(' '),
    extraTokenClaims: () => others,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: () => ({
          scope,
          audience: aud,
          accessTokenTTL: TTL_SECONDS,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  })
  return provider.callback()
})

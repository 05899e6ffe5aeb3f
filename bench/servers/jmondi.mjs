// @jmondi/oauth2-server on node:http, with repositories in Maps. Its JwtService signs with HS256 and puts no client
// into `sub`, so this server replaces `sign`: RS256, the claims of the others, the same library jsonwebtoken.
import { createHash, createPrivateKey, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { AuthorizationServer, DateInterval, JwtService, OAuthRequest } from '@jmondi/oauth2-server'
import jsonwebtoken from 'jsonwebtoken'
import { TTL_SECONDS, readBody, serve } from './serve.mjs'

const signJwt = promisify(jsonwebtoken.sign)
const sha256 = (text) => createHash('sha256').update(text).digest()

const createJwtService = ({ privateKey, kid, claims }) => {
  const key = createPrivateKey(privateKey)
  const options = { algorithm: 'RS256', header: { typ: 'at+jwt', kid } }
  return Object.assign(new JwtService(privateKey), {
    sign: (payload) => signJwt({ ...payload, sub: claims.sub }, key, options),
    extraTokenFields: () => claims,
  })
}

const createAuthorizationServer = (setup) => {
  const { clientId, secret, claims } = setup
  const scopes = claims.scope.split(' ').map((name) => ({ name }))
  const client = {
    id: clientId,
    name: 'Benchmark',
    secret: sha256(secret),
    redirectUris: [],
    allowedGrants: ['client_credentials'],
    scopes,
  }
  const clients = new Map([[clientId, client]])
  const clientRepository = {
    getByIdentifier: async (id) => clients.get(id),
    isClientValid: async (grant, { secret: hash, allowedGrants }, given) =>
      allowedGrants.includes(grant) && timingSafeEqual(hash, sha256(given)),
  }
  const tokenRepository = {
    issueToken: async (of, granted) => ({
      accessToken: randomBytes(16).toString('base64url'),
      accessTokenExpiresAt: new Date(Date.now() + TTL_SECONDS * 1000),
      client: of,
      scopes: granted,
    }),
    persist: async () => {},
  }
  const scopeRepository = {
    getAllByIdentifiers: async (names) => scopes.filter(({ name }) => names.includes(name)),
    finalize: async (asked, _grant, of) => (asked.length > 0 ? asked : of.scopes),
  }
  const jwt = createJwtService(setup)
  const server = new AuthorizationServer(clientRepository, tokenRepository, scopeRepository, jwt)
  server.enableGrantType('client_credentials', new DateInterval(`${TTL_SECONDS}s`))
  return server
}

await serve((setup) => {
  const server = createAuthorizationServer(setup)
  const answer = async (request, response) => {
    const body = Object.fromEntries(new URLSearchParams(await readBody(request)))
    const asked = new OAuthRequest({ headers: request.headers, query: {}, body })
    const answered = await server.respondToAccessTokenRequest(asked)
    const text = JSON.stringify(answered.body)
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
    }
    response.writeHead(answered.status, { ...answered.headers, ...headers }).end(text)
  }
  return (request, response) => {
    answer(request, response).catch((error) => response.destroy(error))
  }
})

// Answers nginx (auth_request) and Caddy (forward_auth), which ask about the token of each request: 204 with the client
// of the token, or 401, 403 or 503 with the challenge. The configurations of both proxies are beside this file.
//
//   ISSUER=http://localhost:8787 PORT=8793 node examples/forward-auth/server.mjs
//
// The proxy's configuration names the permission. The server reads nothing else of the request: no path, no method and no
// X-Forwarded-….
import { createServer } from 'node:http'
import { anyPlugin, authorizationChallenge, bearerOf, createVerifier, single, VerificationError } from '@latchkey/verifier'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const AUDIENCE = process.env.AUDIENCE || 'hook'
const PORT = process.env.PORT || '8793'
const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE })

const check = async (req, permission) => {
  const bearer = bearerOf(req.headersDistinct.authorization)
  // A proxy that names no permission is refused (undefined). Null would let any token of the audience pass.
  const token = await verifier.verify(bearer, { permission: permission ?? undefined, plugin: anyPlugin })
  const { clientId, pluginId, workspaceId, jti } = token
  const headers = { 'X-Token-Client': clientId, 'X-Token-Plugin': pluginId, 'X-Token-Workspace': workspaceId ?? '' }
  return { status: 204, headers: { ...headers, 'X-Token-Id': jti, 'Cache-Control': 'no-store' } }
}
const server = createServer(async (req, res) => {
  const permission = single(req.url, 'permission')
  const { status, headers, body } = await check(req, permission).catch((error) => {
    if (error instanceof VerificationError) return authorizationChallenge(error, permission)
    console.error(error)
    return { status: 500 }
  })
  res.writeHead(status, headers).end(body && JSON.stringify(body))
})
// Listens on loopback: only the proxy on this machine may ask.
server.listen(Number(PORT), '127.0.0.1', () => console.log(`asked at http://127.0.0.1:${PORT}/check?permission=…`))

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
})

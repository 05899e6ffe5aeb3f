// A resource server in Fastify 5: the audience `hook` with its permissions `hook:govern` and `hook:track`.
//
//   npm install fastify
//   ISSUER=http://localhost:8787 PORT=8791 node examples/fastify-resource/server.mjs
//
// The server needs no credentials. It follows the issuer's keys and revocation list, and makes no request for a single
// token.
import { createVerifier, fromQuery, protectedResourceMetadata } from '@latchkey/verifier'
import { fastifyAdapter, serveMetadata, tokenOf } from '@latchkey/verifier/fastify'
import fastify from 'fastify'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const PORT = process.env.PORT || '8791'
// The address that clients call. Behind a proxy it is the proxy's https address.
const RESOURCE = process.env.RESOURCE || `http://127.0.0.1:${PORT}`

// Tells clients that send no token where to get one (RFC 9728).
const metadata = protectedResourceMetadata({
  resource: RESOURCE,
  issuer: ISSUER,
  permissions: ['hook:govern', 'hook:track'],
  name: 'Hooks',
})

const verifier = createVerifier({ issuer: ISSUER, audience: 'hook' })
const requirePermission = fastifyAdapter(verifier, { resourceMetadata: metadata.url })

// Each request names a plugin. The token must name the same one.
const plugin = fromQuery('plugin_id')

const app = fastify()
app.get(metadata.path, serveMetadata(metadata))
// The check runs as `onRequest`: the server reads no body of a request without a valid token.
app.post(
  '/hooks/govern',
  { onRequest: requirePermission('hook:govern', { plugin }) },
  async (request) => ({ governed: tokenOf(request).pluginId }),
)
app.post(
  '/hooks/track',
  { onRequest: requirePermission('hook:track', { plugin }) },
  async (request) => ({ tracked: tokenOf(request).pluginId }),
)

// Wait for keys and list: without them the verifier answers every request with 503.
await verifier.ready()
await app.listen({ port: Number(PORT), host: '127.0.0.1' })
console.log(`the hooks answer at http://127.0.0.1:${PORT}`)

process.once('SIGTERM', async () => {
  await app.close()
  verifier.close()
})

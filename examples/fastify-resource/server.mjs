// A resource server: the audience `hook`, its permissions `hook:govern` and `hook:track`, in Fastify 5.
//
//   npm install fastify
//   ISSUER=http://localhost:8787 PORT=8791 node examples/fastify-resource/server.mjs
//
// It needs no credentials: it follows the issuer's keys and its list of what is revoked, and asks about no token.
import { createVerifier, fromQuery, protectedResourceMetadata } from '@latchkey/verifier'
import { fastifyAdapter, serveMetadata, tokenOf } from '@latchkey/verifier/fastify'
import fastify from 'fastify'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const PORT = process.env.PORT || '8791'
// What clients call: behind a proxy the proxy's https address.
const RESOURCE = process.env.RESOURCE || `http://127.0.0.1:${PORT}`

// Says to clients that come without a token where to get one (RFC 9728).
const metadata = protectedResourceMetadata({
  resource: RESOURCE,
  issuer: ISSUER,
  permissions: ['hook:govern', 'hook:track'],
  name: 'Hooks',
})

const verifier = createVerifier({ issuer: ISSUER, audience: 'hook' })
const requirePermission = fastifyAdapter(verifier, { resourceMetadata: metadata.url })

// Both hooks say for which plugin they are; the token must be for the same one.
const plugin = fromQuery('plugin_id')

const app = fastify()
app.get(metadata.path, serveMetadata(metadata))
// As `onRequest`, before a body is read: nobody without a token has theirs read.
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

// Until keys and list are there every request would be answered with 503.
await verifier.ready()
await app.listen({ port: Number(PORT), host: '127.0.0.1' })
console.log(`the hooks answer at http://127.0.0.1:${PORT}`)

process.once('SIGTERM', async () => {
  await app.close()
  verifier.close()
})

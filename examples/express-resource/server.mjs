// A resource server in Express 5 or 4: the audience `hook` with its permissions `hook:govern` and `hook:track`.
//
//   npm install express
//   ISSUER=http://localhost:8787 PORT=8790 node examples/express-resource/server.mjs
//
// The server needs no credentials. It follows the issuer's keys and revocation list, and makes no request for a single
// token.
import { createVerifier, fromQuery, protectedResourceMetadata } from '@latchkey/verifier'
import { expressAdapter, serveMetadata, tokenOf } from '@latchkey/verifier/express'
import express from 'express'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const PORT = process.env.PORT || '8790'
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
const requirePermission = expressAdapter(verifier, { resourceMetadata: metadata.url })

// Each request names a plugin. The token must name the same one.
const plugin = fromQuery('plugin_id')

const app = express()
app.get(metadata.path, serveMetadata(metadata))
// The check comes before any code that reads a body: the server reads no body of a request without a valid token.
app.post('/hooks/govern', requirePermission('hook:govern', { plugin }), (req, res) => {
  res.json({ governed: tokenOf(req).pluginId })
})
app.post('/hooks/track', requirePermission('hook:track', { plugin }), (req, res) => {
  res.json({ tracked: tokenOf(req).pluginId })
})

// Wait for keys and list: without them the verifier answers every request with 503.
await verifier.ready()
const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`the hooks answer at http://127.0.0.1:${PORT}`)
})

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
})

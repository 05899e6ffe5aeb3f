// A resource server: the audience `hook`, its permissions `hook:govern` and `hook:track`, in Express 5 or 4.
//
//   npm install express
//   ISSUER=http://localhost:8787 PORT=8790 node examples/express-resource/server.mjs
//
// It needs no credentials: it follows the issuer's keys and its list of what is revoked, and asks about no token.
import { createVerifier, fromQuery, protectedResourceMetadata } from '@latchkey/verifier'
import { expressAdapter, serveMetadata, tokenOf } from '@latchkey/verifier/express'
import express from 'express'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const PORT = process.env.PORT || '8790'
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
const requirePermission = expressAdapter(verifier, { resourceMetadata: metadata.url })

// Both hooks say for which plugin they are; the token must be for the same one.
const plugin = fromQuery('plugin_id')

const app = express()
app.get(metadata.path, serveMetadata(metadata))
// Before anything that reads a body: nobody without a token has theirs read.
app.post('/hooks/govern', requirePermission('hook:govern', { plugin }), (req, res) => {
  res.json({ governed: tokenOf(req).pluginId })
})
app.post('/hooks/track', requirePermission('hook:track', { plugin }), (req, res) => {
  res.json({ tracked: tokenOf(req).pluginId })
})

// Until keys and list are there every request would be answered with 503.
await verifier.ready()
const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`the hooks answer at http://127.0.0.1:${PORT}`)
})

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
})

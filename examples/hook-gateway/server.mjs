// A resource server in Hono: the audience `hook` with its permissions `hook:govern` and `hook:track`.
//
//   ISSUER=http://localhost:8787 PORT=8788 node examples/hook-gateway/server.mjs
//
// The server needs no credentials. It follows the issuer's keys and revocation list, and makes no request for a single
// token.
import { serve } from '@hono/node-server'
import { createVerifier, fromQuery } from '@latchkey/verifier'
import { honoAdapter } from '@latchkey/verifier/hono'
import { Hono } from 'hono'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const PORT = process.env.PORT || '8788'

const verifier = createVerifier({ issuer: ISSUER, audience: 'hook' })
const requirePermission = honoAdapter(verifier)

/** Each request names a plugin. The token must name the same one. */
const plugin = fromQuery('plugin_id')

const app = new Hono()
app.post('/hooks/govern', requirePermission('hook:govern', { plugin }), (c) =>
  c.json({ governed: c.get('token').pluginId }),
)
app.post('/hooks/track', requirePermission('hook:track', { plugin }), (c) =>
  c.json({ tracked: c.get('token').pluginId }),
)

// Wait for keys and list: without them the verifier answers every request with 503.
await verifier.ready()
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) =>
  console.log(`the gateway answers at http://127.0.0.1:${port}`),
)

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
})

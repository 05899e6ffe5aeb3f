// A resource server: the audience `hook`, its permissions `hook:govern` and `hook:track`, in Hono.
//
//   ISSUER=http://localhost:8787 PORT=8788 node examples/hook-gateway/server.mjs
//
// It needs no credentials: it follows the issuer's keys and its list of what is revoked, and asks about no token.
import { serve } from '@hono/node-server'
import { createVerifier, fromQuery } from '@latchkey/verifier'
import { honoAdapter } from '@latchkey/verifier/hono'
import { Hono } from 'hono'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const PORT = process.env.PORT || '8788'

const verifier = createVerifier({ issuer: ISSUER, audience: 'hook' })
const requirePermission = honoAdapter(verifier)

/** Both hooks say for which plugin they are; the token must be for the same one. */
const plugin = fromQuery('plugin_id')

const app = new Hono()
app.post('/hooks/govern', requirePermission('hook:govern', { plugin }), (c) =>
  c.json({ governed: c.get('token').pluginId }),
)
app.post('/hooks/track', requirePermission('hook:track', { plugin }), (c) =>
  c.json({ tracked: c.get('token').pluginId }),
)

// Until keys and list are there every request would be answered with 503.
await verifier.ready()
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) =>
  console.log(`the gateway answers at http://127.0.0.1:${port}`),
)

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
})

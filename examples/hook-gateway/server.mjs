// A resource server: the audience `hook`, its permissions `hook:govern` and `hook:track`, in Hono.
//
//   ISSUER=http://localhost:8787 CLIENT_ID=lkc_… CLIENT_SECRET=lks_… PORT=8788 node examples/hook-gateway/server.mjs
//
// The client is one that may introspect: latchkey client create --name gateway --introspects hook --env
import { serve } from '@hono/node-server'
import { createVerifier, fromQuery } from '@latchkey/verifier'
import { honoAdapter } from '@latchkey/verifier/hono'
import { Hono } from 'hono'
import { introspection } from './introspection.mjs'

const { ISSUER = 'http://localhost:8787', PORT = '8788', CLIENT_ID, CLIENT_SECRET } = process.env

const verifier = createVerifier({
  issuer: ISSUER,
  audience: 'hook',
  clockTolerance: 0, // the server that is asked has none: what it calls inactive must have expired here, too
  revocations: introspection({ issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }),
})
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

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) =>
  console.log(`the gateway answers at http://127.0.0.1:${port}`),
)

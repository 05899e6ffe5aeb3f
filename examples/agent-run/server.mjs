// A resource server in Hono for runs of agents: the audience `tools` with its permission `tools:use`. Each route names
// its endpoint and its operation. A token is for one run, and names the endpoints and operations of the run.
//
//   ISSUER=http://localhost:8787 PORT=8792 node examples/agent-run/server.mjs
//
// The server needs no credentials. It follows the issuer's keys and revocation list, and refuses the tokens of a closed
// run within a second.
import { serve } from '@hono/node-server'
import { createVerifier, noPlugin } from '@latchkey/verifier'
import { honoAdapter } from '@latchkey/verifier/hono'
import { Hono } from 'hono'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const PORT = process.env.PORT || '8792'

const verifier = createVerifier({ issuer: ISSUER, audience: 'tools', plugins: 'none' })
const requirePermission = honoAdapter(verifier)

/** Compares both values exactly with the token's `tool_run` details, the endpoint first. */
const forRun = (endpoint, operation) =>
  requirePermission('tools:use', { plugin: noPlugin, run: { endpoint, operation } })

const app = new Hono()
app.post('/v1/issues', forRun('/v1/issues', 'create'), (c) => c.json({ created: 'issue' }))
app.get('/v1/issues', forRun('/v1/issues', 'list'), (c) => c.json({ issues: [] }))
app.post('/v1/pages', forRun('/v1/pages', 'create'), (c) => c.json({ created: 'page' }))

// Wait for keys and list: without them the verifier answers every request with 503.
await verifier.ready()
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) =>
  console.log(`the tools answer at http://127.0.0.1:${port}`),
)

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
})

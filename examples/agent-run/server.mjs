// A resource server for runs of agents: the audience `tools`, its permission `tools:use`, in Hono. Each tool says
// which endpoint and which operation it is; a token is for one run, and names those that the run may use.
//
//   ISSUER=http://localhost:8787 PORT=8792 node examples/agent-run/server.mjs
//
// It needs no credentials: it follows the issuer's keys and its list of what is revoked, so that a run that is
// closed is over here within a second.
import { serve } from '@hono/node-server'
import { createVerifier, noPlugin } from '@latchkey/verifier'
import { honoAdapter } from '@latchkey/verifier/hono'
import { Hono } from 'hono'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const PORT = process.env.PORT || '8792'

const verifier = createVerifier({ issuer: ISSUER, audience: 'tools', plugins: 'none' })
const requirePermission = honoAdapter(verifier)

/** Compared exactly with the token's `tool_run` details; the endpoint decides first. */
const forRun = (endpoint, operation) =>
  requirePermission('tools:use', { plugin: noPlugin, run: { endpoint, operation } })

const app = new Hono()
app.post('/v1/issues', forRun('/v1/issues', 'create'), (c) => c.json({ created: 'issue' }))
app.get('/v1/issues', forRun('/v1/issues', 'list'), (c) => c.json({ issues: [] }))
app.post('/v1/pages', forRun('/v1/pages', 'create'), (c) => c.json({ created: 'page' }))

// Until keys and list are there every request would be answered with 503.
await verifier.ready()
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) =>
  console.log(`the tools answer at http://127.0.0.1:${port}`),
)

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
})

// Hono with the same route twice, unguarded and guarded by @latchkey/verifier; GET /token answers a token for it.
import { getRequestListener } from '@hono/node-server'
import { createVerifier, fromHeader } from '@latchkey/verifier'
import { honoAdapter } from '@latchkey/verifier/hono'
import { createTestIssuer } from '@latchkey/verifier/testing'
import { Hono } from 'hono'
import { serve } from './serve.mjs'

await serve(async ({ claims }) => {
  const test = await createTestIssuer()
  const options = { issuer: test.issuer, audience: claims.aud, fetch: test.fetch }
  const verifier = createVerifier(options)
  await verifier.ready()
  const token = await test.token({
    audience: claims.aud,
    scope: 'hook:govern hook:track',
    pluginId: 'com.example.plugin',
  })
  const requirePermission = honoAdapter(verifier)
  const app = new Hono()
  const answer = (c) => c.json({ tracked: true })
  app.get('/token', (c) => c.text(token))
  app.get('/open', answer)
  app.get(
    '/guarded',
    requirePermission('hook:track', { plugin: fromHeader('x-plugin-id') }),
    answer,
  )
  return getRequestListener(app.fetch)
})

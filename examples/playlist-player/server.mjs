// A resource server in Hono that checks authorization details: playlists that are played in zones. It is the audience
// `player` with its permission `player:play`.
//
//   ISSUER=http://localhost:8787 PORT=8789 node examples/playlist-player/server.mjs
import { serve } from '@hono/node-server'
import { createVerifier, errorResponse, noPlugin, single } from '@latchkey/verifier'
import { honoAdapter } from '@latchkey/verifier/hono'
import { Hono } from 'hono'

const ISSUER = process.env.ISSUER || 'http://localhost:8787'
const PORT = process.env.PORT || '8789'

const verifier = createVerifier({ issuer: ISSUER, audience: 'player', plugins: 'none' })
const requirePermission = honoAdapter(verifier)

const app = new Hono()
app.post(
  '/playlists/:playlist/play',
  requirePermission('player:play', { plugin: noPlugin }),
  (c) => {
    // A request without a zone means the granted zone. An empty or repeated zone becomes `?`, which no client has.
    const named = new URL(c.req.url).searchParams.has('zone')
    const zone = named ? (single(c.req.url, 'zone') ?? '?') : undefined
    const wanted = { type: 'playlist', identifier: c.req.param('playlist'), action: 'play', part: zone }
    const entry = verifier.authorize(c.get('token'), wanted)
    return c.json({ playing: c.req.param('playlist'), zone: zone ?? entry.parts })
  },
)
app.onError((error) => errorResponse(error)) // answers errors of `authorize`, rethrows all others

await verifier.ready()
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) =>
  console.log(`the player answers at http://127.0.0.1:${port}`),
)

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
})

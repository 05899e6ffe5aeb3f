// A resource server that asks for authorization details: playlists, played in zones. The audience `player`, its
// permission `player:play`, in Hono.
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
    // None named: the one that is granted. One that is empty or said twice is nobody's.
    const named = new URL(c.req.url).searchParams.has('zone')
    const zone = named ? (single(c.req.url, 'zone') ?? '?') : undefined
    const wanted = { type: 'playlist', identifier: c.req.param('playlist'), action: 'play', part: zone }
    const entry = verifier.authorize(c.get('token'), wanted)
    return c.json({ playing: c.req.param('playlist'), zone: zone ?? entry.parts })
  },
)
app.onError((error) => errorResponse(error)) // what `authorize` throws; anything else is thrown on

await verifier.ready()
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) =>
  console.log(`the player answers at http://127.0.0.1:${port}`),
)

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
})

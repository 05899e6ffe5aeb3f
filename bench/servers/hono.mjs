// Token endpoint as a tutorial writes it: Hono on Node, jose, clients in a Map. No database, no log, no rules.
import { randomBytes } from 'node:crypto'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { SignJWT, importPKCS8 } from 'jose'
import { TTL_SECONDS, createAuthentication, serve } from './serve.mjs'

await serve(async (setup) => {
  const { claims, kid } = setup
  const authenticates = createAuthentication(setup)
  const key = await importPKCS8(setup.privateKey, 'RS256')
  const app = new Hono()
  app.post('/oauth/token', async (c) => {
    const form = await c.req.parseBody()
    if (!authenticates(c.req.header('authorization')))
      return c.json({ error: 'invalid_client' }, 401)
    if (form.grant_type !== 'client_credentials')
      return c.json({ error: 'unsupported_grant_type' }, 400)
    const iat = Math.floor(Date.now() / 1000)
    const jti = randomBytes(16).toString('base64url')
    const token = await new SignJWT({ ...claims, iat, exp: iat + TTL_SECONDS, jti })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid })
      .sign(key)
    c.header('Cache-Control', 'no-store')
    const rest = { token_type: 'Bearer', expires_in: TTL_SECONDS, scope: claims.scope }
    return c.json({ access_token: token, ...rest })
  })
  return getRequestListener(app.fetch)
})

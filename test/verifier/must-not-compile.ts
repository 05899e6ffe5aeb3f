// Programs that must not compile: each leaves out a security option. `tsc -p .` is the test; the code is not run.
import express, { type RequestHandler } from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import {
  expressAdapter,
  serveMetadata as onExpress,
  tokenOf,
} from '../../src/verifier/adapters/express.ts'
import { fastifyAdapter, serveMetadata as onFastify } from '../../src/verifier/adapters/fastify.ts'
import { type TokenEnv, honoAdapter } from '../../src/verifier/adapters/hono.ts'
import {
  type VerifiedToken,
  type Verifier,
  anyPlugin,
  createVerifier,
  fromQuery,
  noPlugin,
  protectedResourceMetadata,
  requestAdapter,
  unsafeIgnorePlugin,
} from '../../src/verifier/index.ts'

const issuer = 'https://auth.example'
const audience = 'hook'
const revocations = 'none'
const permission = 'hook:govern'
const plugin = 'acme.sync'

export const options = () => {
  createVerifier({ issuer, audience, revocations })
  createVerifier({ issuer, audience, revocations: { isRevoked: () => false } })
  createVerifier({ issuer, audience }) // follows the issuer's list
  createVerifier({ issuer, audience, plugins: 'none' })

  // @ts-expect-error no arguments
  createVerifier()
  // @ts-expect-error no option
  createVerifier({})
  // @ts-expect-error no issuer
  createVerifier({ audience, revocations })
  // @ts-expect-error no audience
  createVerifier({ issuer, revocations })
  // @ts-expect-error a wrong value
  createVerifier({ issuer, audience, onStale: true })
  // @ts-expect-error seconds as a text
  createVerifier({ issuer, audience, maxStaleness: '300' })
  // @ts-expect-error misspelled
  createVerifier({ issuer, audience, follow: 'never' })
  // @ts-expect-error undefined
  createVerifier({ issuer, audience, revocations: undefined })
  // @ts-expect-error null
  createVerifier({ issuer, audience, revocations: null })
  // @ts-expect-error several audiences
  createVerifier({ issuer, audience: [audience], revocations })
  // @ts-expect-error a wrong value
  createVerifier({ issuer, audience, plugins: [] })
  // @ts-expect-error undefined
  createVerifier({ issuer, audience, plugins: undefined })
  // @ts-expect-error a source returns a boolean
  createVerifier({ issuer, audience, revocations: { isRevoked: () => undefined } })
}

export const verify = async (verifier: Verifier, named: string | undefined) => {
  await verifier.verify('', { permission, plugin })
  await verifier.verify(null, { permission: null, plugin: null })
  await verifier.verify('', { permission, plugin: anyPlugin })
  await verifier.verify('', { permission, plugin: noPlugin })
  await verifier.verify('', { permission, plugin: unsafeIgnorePlugin })

  // @ts-expect-error no arguments
  await verifier.verify()
  // @ts-expect-error no requirements
  await verifier.verify('')
  // @ts-expect-error empty requirements
  await verifier.verify('', {})
  // @ts-expect-error no permission
  await verifier.verify('', { plugin })
  // @ts-expect-error no plugin
  await verifier.verify('', { permission })
  // @ts-expect-error permission undefined
  await verifier.verify('', { permission: undefined, plugin })
  // @ts-expect-error several permissions
  await verifier.verify('', { permission: [permission], plugin })
  // @ts-expect-error plugin undefined
  await verifier.verify('', { permission, plugin: named })
  // @ts-expect-error several plugins
  await verifier.verify('', { permission, plugin: [plugin] })
  // @ts-expect-error another symbol
  await verifier.verify('', { permission, plugin: Symbol('anyPlugin') })
  // @ts-expect-error a finder is for routes
  await verifier.verify('', { permission, plugin: fromQuery('plugin_id') })
  // @ts-expect-error no operation
  await verifier.verify('', { permission, plugin, run: { endpoint: '/' } })
  // @ts-expect-error no endpoint
  await verifier.verify('', { permission, plugin, run: { operation: 'create' } })
  // @ts-expect-error run undefined
  await verifier.verify('', { permission, plugin, run: undefined })
  // @ts-expect-error capability undefined
  await verifier.verify('', { permission, plugin, capability: undefined })
  // @ts-expect-error a wrong value
  await verifier.verify('', { permission, plugin, capability: 'x', withoutPlugin: true })
  // @ts-expect-error misspelled
  await verifier.verify('', { permission, plugin, capabilities: 'x' })
}

export const authorize = (verifier: Verifier, token: VerifiedToken, named: string | null) => {
  const wanted = { type: 'playlist', identifier: 'p1', action: 'play' }
  const entry = verifier.authorize(token, { ...wanted, part: 'main' })
  verifier.authorize(token, { ...wanted, part: named ?? undefined })

  // @ts-expect-error no arguments
  verifier.authorize()
  // @ts-expect-error no request
  verifier.authorize(token)
  // @ts-expect-error no part
  verifier.authorize(token, wanted)
  // @ts-expect-error part null
  verifier.authorize(token, { ...wanted, part: named })
  // @ts-expect-error several parts
  verifier.authorize(token, { ...wanted, part: ['main'] })
  // @ts-expect-error no type
  verifier.authorize(token, { identifier: 'p1', action: 'play', part: undefined })
  // @ts-expect-error no identifier
  verifier.authorize(token, { type: 'playlist', action: 'play', part: undefined })
  // @ts-expect-error no action
  verifier.authorize(token, { type: 'playlist', identifier: 'p1', part: undefined })
  // @ts-expect-error several actions
  verifier.authorize(token, { ...wanted, action: ['play'], part: undefined })
  // @ts-expect-error misspelled
  verifier.authorize(token, { ...wanted, part: undefined, parts: ['main'] })
  // @ts-expect-error the token, not its text
  verifier.authorize('', { ...wanted, part: undefined })
  // @ts-expect-error the token, not its claims
  verifier.authorize(token.claims, { ...wanted, part: undefined })
  // @ts-expect-error shared by requests
  entry.type = 'other'
  // @ts-expect-error a member that not every entry has is unknown
  return entry.type.concat(entry['volume'])
}

export const routes = (verifier: Verifier) => {
  for (const requirePermission of [
    honoAdapter(verifier),
    requestAdapter(verifier),
    expressAdapter(verifier),
    fastifyAdapter(verifier),
  ]) {
    requirePermission(permission, { plugin: fromQuery('plugin_id') })
    requirePermission(null, { plugin: noPlugin })
    requirePermission(null, { plugin: unsafeIgnorePlugin })

    // @ts-expect-error no arguments
    requirePermission()
    // @ts-expect-error no requirements
    requirePermission(permission)
    // @ts-expect-error no plugin
    requirePermission(permission, {})
    // @ts-expect-error plugin undefined
    requirePermission(permission, { plugin: undefined })
    // @ts-expect-error a plugin that no request names
    requirePermission(permission, { plugin })
    // @ts-expect-error permission undefined
    requirePermission(undefined, { plugin: anyPlugin })
    // @ts-expect-error several permissions
    requirePermission([permission], { plugin: anyPlugin })
    // @ts-expect-error run undefined
    requirePermission(permission, { plugin: anyPlugin, run: undefined })
  }
}

export const context = (verifier: Verifier) => {
  const requirePermission = honoAdapter(verifier)
  const named = { plugin: fromQuery('plugin_id') }
  new Hono<TokenEnv>().get('/', requirePermission(permission, named), (c) => {
    const token = c.get('token')
    // @ts-expect-error null for a token without plugin
    c.text(token.pluginId)
    // @ts-expect-error shared by requests
    token.pluginId = 'other'
    // @ts-expect-error permissions are shared
    token.permissions.push('full')
    // @ts-expect-error claims are shared
    token.claims.scope = 'full'
    // @ts-expect-error a claim that not every token has is unknown
    c.text(token.claims['workspace_id'])
    return c.text(`${token.clientId} ${token.claims.sub} ${token.expiresAt.toFixed()}`)
  })
}

export const metadata = (verifier: Verifier) => {
  const { url, path } = protectedResourceMetadata({ resource: 'https://api.example', issuer })
  for (const adapterOf of [honoAdapter, requestAdapter, expressAdapter, fastifyAdapter]) {
    adapterOf(verifier, { resourceMetadata: url })
    // @ts-expect-error misspelled
    adapterOf(verifier, { resourceMetaData: url })
    // @ts-expect-error a text
    adapterOf(verifier, { resourceMetadata: new URL(url) })
  }
  // @ts-expect-error no issuer
  protectedResourceMetadata({ resource: url })
  // @ts-expect-error no resource
  protectedResourceMetadata({ issuer })
  // @ts-expect-error misspelled
  protectedResourceMetadata({ resource: url, issuer, scopes: [path] })
}

/** Types of Express without any augmentation. */
export const onExpressItself = (verifier: Verifier) => {
  const requirePermission = expressAdapter(verifier)
  const named = { plugin: fromQuery('plugin_id') }
  const handler: RequestHandler = requirePermission(permission, named)
  const served = protectedResourceMetadata({ resource: 'https://api.example', issuer })
  const app = express().use(handler).get(served.path, onExpress(served))
  app.get<'/:id', { id: string }, { ok: true }>('/:id', requirePermission(permission, named))
  app.get('/a/*rest', requirePermission(permission, named), (req, res) => {
    const token = tokenOf(req)
    // @ts-expect-error null for a token without plugin
    token.pluginId.concat('')
    // @ts-expect-error shared by requests
    token.pluginId = 'other'
    res.send(`${token.clientId} ${req.params.rest.join('/')}`)
  })
  express.Router({ mergeParams: true }).use('/:id', requirePermission(permission, named))
}

/** Types of Fastify without any augmentation. */
export const onFastifyItself = (verifier: Verifier) => {
  const requirePermission = fastifyAdapter(verifier)
  const hook = requirePermission(permission, { plugin: fromQuery('plugin_id') })
  const served = protectedResourceMetadata({ resource: 'https://api.example', issuer })
  const app = fastify().addHook('onRequest', hook).addHook('preHandler', hook)
  app.get(served.path, onFastify(served))
  app.get<{
    Params: { id: string }
    Querystring: { q: string[] }
    Headers: { 'x-plugin': string }
    Reply: { 200: { client: string }; 404: { missing: true } }
  }>('/:id', { onRequest: hook, preHandler: [hook] }, async (request, reply) => {
    const token = tokenOf(request)
    // @ts-expect-error null for a token without plugin
    token.pluginId.concat('')
    return reply.code(200).send({ client: token.clientId })
  })
  fastify({ http2: true }).get('/', { onRequest: hook }, (request) => tokenOf(request).claims)
}

// One route behind each adapter, and requests to it.
import { Hono } from 'hono'
import { expressAdapter, tokenOf } from '../../src/verifier/adapters/express.ts'
import { fastifyAdapter } from '../../src/verifier/adapters/fastify.ts'
import { type TokenEnv, honoAdapter } from '../../src/verifier/adapters/hono.ts'
import {
  type AdapterOptions,
  type RouteRequirements,
  fromQuery,
  requestAdapter,
} from '../../src/verifier/index.ts'
import type { VerifierOptions } from '../../src/verifier/types.ts'
import { EXPRESS, onExpress, onFastify, written } from './frameworks.ts'
import { startVerifier } from './support.ts'

export const PERMISSION = 'hook:govern'
export const plugin = fromQuery('plugin_id')

export type Route = {
  permission?: string | null
  required?: RouteRequirements
  path?: string
  options?: AdapterOptions
}
export type Started = ReturnType<typeof startVerifier>

/** Adapters, each of which makes a `requirePermission`. */
export const ADAPTER_OF = {
  hono: honoAdapter,
  request: requestAdapter,
  express: expressAdapter,
  fastify: fastifyAdapter,
}

const expressRoute =
  (create: (typeof EXPRESS)[keyof typeof EXPRESS]) =>
  ({ verifier }: Started, route: Route) => {
    const { permission, required, path, options } = withDefaults(route)
    const requirePermission = expressAdapter(verifier, options)
    return (request: Request) =>
      onExpress(
        (app) => {
          app.all(path, requirePermission(permission, required), (req, res) => {
            res.send(String(tokenOf(req).pluginId))
          })
        },
        written(request),
        create,
      )
  }

/**
 * The same route behind each adapter. A request that passes is answered with the plugin of its
 * token.
 */
export const ADAPTERS = {
  hono: ({ verifier }: Started, route: Route) => {
    const { permission, required, path, options } = withDefaults(route)
    const app = new Hono<TokenEnv>()
    app.all(path, honoAdapter(verifier, options)(permission, required), (c) =>
      c.text(`${c.get('token').pluginId}`),
    )
    return async (request: Request) => await app.request(request)
  },
  request: ({ verifier }: Started, route: Route) => {
    const { permission, required, options } = withDefaults(route)
    const check = requestAdapter(verifier, options)(permission, required)
    return async (request: Request) => {
      const [, , plugin_id = ''] = new URL(request.url).pathname.split('/').map(decodeURIComponent)
      const { token, response } = await check(request, { plugin_id })
      return response ?? new Response(token.pluginId ?? 'null')
    }
  },
  'express 4': expressRoute(EXPRESS['express 4']),
  express: expressRoute(EXPRESS['express 5']),
  fastify: ({ verifier }: Started, route: Route) => {
    const { permission, required, path, options } = withDefaults(route)
    const requirePermission = fastifyAdapter(verifier, options)
    return (request: Request) =>
      onFastify((app) => {
        app.all(path, { onRequest: requirePermission(permission, required) }, (asked) =>
          String(tokenOf(asked).pluginId),
        )
      }, written(request))
  },
}

const withDefaults = (route: Route) => ({
  permission: PERMISSION,
  required: { plugin },
  path: '/hooks/:plugin_id',
  options: {},
  ...route,
})

export const request = (
  headers: Record<string, string> | Headers,
  url = '/hooks/x?plugin_id=acme.sync',
  method = 'POST',
) => new Request(`https://api.example${url}`, { method, headers })

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Sends a request to the route behind an adapter, with a new verifier. */
export const askWith =
  (adapter: (typeof ADAPTERS)[keyof typeof ADAPTERS]) =>
  (
    sent: Request,
    route: Route = {},
    options: Partial<VerifierOptions> = {},
    keysDown = false,
  ): Promise<Response> => {
    const started = startVerifier(options)
    if (keysDown) started.server.answer = () => new Response(null, { status: 500 })
    return adapter(started, route)(sent)
  }

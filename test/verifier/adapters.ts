// One route behind each adapter, and requests to it.
import { Hono } from 'hono'
import { type TokenEnv, honoAdapter } from '../../src/verifier/hono.ts'
import { type RouteRequirements, fromQuery, requestAdapter } from '../../src/verifier/index.ts'
import type { VerifierOptions } from '../../src/verifier/verifier.ts'
import { startVerifier } from './support.ts'

export const PERMISSION = 'hook:govern'
export const plugin = fromQuery('plugin_id')

export type Route = { permission?: string | null; required?: RouteRequirements; path?: string }

/** The same route behind each adapter; what passes is answered with the token's plugin. */
export const ADAPTERS = {
  hono: (started: ReturnType<typeof startVerifier>, route: Route) => {
    const { permission = PERMISSION, required = { plugin }, path = '/hooks/:plugin_id' } = route
    const requirePermission = honoAdapter(started.verifier)
    const app = new Hono<TokenEnv>()
    app.all(path, requirePermission(permission, required), (c) =>
      c.text(`${c.get('token').pluginId}`),
    )
    return async (request: Request) => await app.request(request)
  },
  request: (started: ReturnType<typeof startVerifier>, route: Route) => {
    const { permission = PERMISSION, required = { plugin } } = route
    const check = requestAdapter(started.verifier)(permission, required)
    return async (request: Request) => {
      const [, , plugin_id = ''] = new URL(request.url).pathname.split('/').map(decodeURIComponent)
      const { token, response } = await check(request, { plugin_id })
      return response ?? new Response(token.pluginId ?? 'null')
    }
  },
}

export const request = (
  headers: Record<string, string> | Headers,
  url = '/hooks/x?plugin_id=acme.sync',
) => new Request(`https://api.example${url}`, { method: 'POST', headers })

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Asks the route behind an adapter with a fresh verifier. */
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

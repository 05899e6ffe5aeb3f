// Adapter for Hono 4, typed structurally: it works with the application's version of Hono.
import type { VerifiedToken } from '../token/verified-token.ts'
import type { Verifier, VerifyContext } from '../types.ts'
import {
  type AdapterOptions,
  type RequestSource,
  type RouteRequirements,
  routeChecks,
  toResponse,
} from './request.ts'

/** The used part of Hono's context. */
type HonoContext = {
  req: {
    url: string
    header: (name: string) => string | undefined
    param: (name: string) => string | undefined
  }
  set: (key: 'token', value: VerifiedToken) => void
  readonly executionCtx?: { waitUntil(promise: Promise<unknown>): void }
}

/** Catches the error that Hono throws on a platform without an execution context. */
const contextOf = (c: HonoContext): VerifyContext => {
  try {
    const { executionCtx } = c
    return executionCtx ? { waitUntil: (promise) => executionCtx.waitUntil(promise) } : {}
  } catch {
    return {}
  }
}

/**
 * The variables that the adapter sets, for the type of the application.
 * @example
 * const typed = new Hono<TokenEnv>()
 * typed.get('/me', requirePermission('hook:track', { plugin: anyPlugin }), (c) =>
 *   c.text(c.get('token').clientId),
 * )
 */
export type TokenEnv = { Variables: { token: VerifiedToken } }

/**
 * Creates `requirePermission` for Hono: middleware that answers a refused request (RFC 6750 §3).
 * For other requests `c.get('token')` returns the verified token. An error that is no refusal goes
 * to the error handler.
 * @throws TypeError for invalid options, when the adapter is created, and for invalid requirements,
 *   when a route is
 * @example
 * const requirePermission = honoAdapter(verifier)
 * const plugin = fromQuery('plugin_id')
 * app.post('/hooks/track', requirePermission('hook:track', { plugin }), (c) =>
 *   c.json({ client: c.get('token').clientId }),
 * )
 */
export const honoAdapter = (verifier: Verifier, options: AdapterOptions = {}) => {
  const checkOf = routeChecks(verifier, options)
  return (permission: string | null, required: RouteRequirements) => {
    const check = checkOf(permission, required)
    return async (c: HonoContext, next: () => Promise<void>): Promise<Response | void> => {
      const source: RequestSource = {
        url: c.req.url,
        header: (name) => c.req.header(name),
        param: (name) => c.req.param(name),
      }
      const { token, refused } = await check(source, contextOf(c))
      if (refused !== null) return toResponse(refused)
      c.set('token', token)
      await next()
    }
  }
}

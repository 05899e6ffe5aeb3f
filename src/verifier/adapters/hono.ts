// Hono, typed structurally: whichever version the application has.
import {
  type AdapterOptions,
  type RequestSource,
  type RouteRequirements,
  routeChecks,
  toResponse,
} from './request.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { Verifier, VerifyContext } from '../types.ts'

/** What this adapter needs of Hono's context. */
type HonoContext = {
  req: {
    url: string
    header: (name: string) => string | undefined
    param: (name: string) => string | undefined
  }
  set: (key: 'token', value: VerifiedToken) => void
  readonly executionCtx?: { waitUntil(promise: Promise<unknown>): void }
}

/** Hono throws where the platform has none. */
const contextOf = (c: HonoContext): VerifyContext => {
  try {
    const { executionCtx } = c
    return executionCtx ? { waitUntil: (promise) => executionCtx.waitUntil(promise) } : {}
  } catch {
    return {}
  }
}

/** For `new Hono<TokenEnv>()`: `c.get('token')` is the verified token. */
export type TokenEnv = { Variables: { token: VerifiedToken } }

/**
 * Middleware for Hono: `const requirePermission = honoAdapter(verifier)`, then
 * `app.post('/hooks/govern', requirePermission('hook:govern', { plugin: fromQuery('plugin_id') }), handler)`.
 * A refused request is answered; for the others `c.get('token')` is the verified token.
 * @throws TypeError for options or requirements that are none
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

// The parts of a request that a verifier needs, and the adapter for Fetch API requests. Pure.
import { VerificationError } from '../errors.ts'
import { validateRouteRequirements } from '../token/requirement-checks.ts'
import type { Requirements } from '../token/requirements.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { Verifier, VerifyContext } from '../types.ts'
import { bearerOf } from './bearer.ts'
import { type Challenge, type ChallengeOptions, authorizationChallenge } from './challenge.ts'
import {
  type ProtectedResourceMetadata,
  checkResourceMetadata,
  metadataAnswer,
} from './metadata.ts'

/** A request as the adapters read it. */
export type RequestSource = {
  /**
   * Absolute in Hono and for a `Request`; path and query, as handlers see them, in Express and
   * Fastify.
   */
  url: string
  /** A header, repeated ones joined with commas. */
  header: (name: string) => string | null | undefined
  /** A named part of the path. */
  param: (name: string) => string | undefined
}

/**
 * Finds the value that a request names, such as its plugin. Returns null where it names none, or
 * several.
 * @example
 * const fromHost: From = ({ url }) => new URL(url).hostname.split('.')[0] ?? null
 * app.use(requirePermission('hook:track', { plugin: fromHost }))
 */
export type From = (source: RequestSource) => string | null

/**
 * The value of a query parameter; null if it is missing, empty or repeated, because two readers of
 * a repeated parameter may read different values.
 * @example
 * const plugin = single(request.url, 'plugin_id')
 * await verifier.verify(bearer, { permission: 'hook:track', plugin })
 */
export const single = (url: string | URL, name: string): string | null => {
  const [withoutFragment = ''] = String(url).split('#', 1)
  const start = withoutFragment.indexOf('?')
  if (start < 0) return null
  const values = new URLSearchParams(withoutFragment.slice(start)).getAll(name)
  return values.length === 1 && values[0] !== '' ? (values[0] ?? null) : null
}

/**
 * Finds the plugin in a query parameter, as `single` does.
 * @example
 * const guard = requirePermission('hook:track', { plugin: fromQuery('plugin_id') })
 */
export const fromQuery =
  (name: string): From =>
  ({ url }) =>
    single(url, name)

/**
 * Finds the plugin in a header. Repeated headers are joined with commas, and then match no plugin.
 * @example
 * const guard = requirePermission('hook:track', { plugin: fromHeader('x-plugin-id') })
 */
export const fromHeader =
  (name: string): From =>
  ({ header }) =>
    header(name) || null

/**
 * Finds the plugin in a named part of the path.
 * @example
 * const plugin = fromParam('plugin_id')
 * app.use('/plugins/:plugin_id', requirePermission('hook:track', { plugin }))
 */
export const fromParam =
  (name: string): From =>
  ({ param }) =>
    param(name) || null

/** Requirements of a route. A function finds the plugin in each request. */
export type RouteRequirements = Omit<Requirements, 'permission' | 'plugin'> & {
  plugin: From | Exclude<Requirements['plugin'], string | null>
}

/** Checks a request for a route. @throws as `Verifier.verify` does */
const verifyRequest = (
  verifier: Verifier,
  source: RequestSource,
  permission: string | null,
  { plugin, ...others }: RouteRequirements,
  context: VerifyContext,
): Promise<VerifiedToken> =>
  verifier.verify(
    bearerOf(source.header('authorization')),
    { ...others, permission, plugin: typeof plugin === 'function' ? plugin(source) : plugin },
    context,
  )

/** Options of the adapters. */
export type AdapterOptions = ChallengeOptions

/** An answer in place of the route's own. */
export type Answer = { status: number; headers: Record<string, string>; body: object }

/** The token of an accepted request, or the answer that refuses it. */
type Checked = { token: VerifiedToken; refused: null } | { token: null; refused: Challenge }

/**
 * The common part of all adapters: validates options when the adapter is created, requirements when
 * a route is, and checks each request. An error that is no refusal is thrown.
 */
export const routeChecks = (verifier: Verifier, options: AdapterOptions) => {
  checkResourceMetadata(options.resourceMetadata)
  return (permission: string | null, required: RouteRequirements) => {
    validateRouteRequirements(permission, required, verifier.plugins)
    return async (source: RequestSource, context: VerifyContext = {}): Promise<Checked> => {
      try {
        const token = await verifyRequest(verifier, source, permission, required, context)
        return { token, refused: null }
      } catch (error) {
        if (!(error instanceof VerificationError)) throw error
        return { token: null, refused: authorizationChallenge(error, permission, options) }
      }
    }
  }
}

/**
 * Creates `requirePermission` for servers whose handlers receive a Fetch API `Request`. Its check
 * returns the verified token, or the response that refuses the request (RFC 6750 §3). Further
 * arguments of the check: the named parts of the path, and `{ waitUntil }` of the platform. An
 * error that is no refusal is thrown.
 * @throws TypeError for invalid options, when the adapter is created, and for invalid requirements,
 *   when a route is
 * @example
 * const check = requestAdapter(verifier)('hook:track', { plugin: fromQuery('plugin_id') })
 * const handle = async (incoming: Request): Promise<Response> => {
 *   const { token, response } = await check(incoming)
 *   return response ?? Response.json({ client: token.clientId })
 * }
 */
export const requestAdapter = (verifier: Verifier, options: AdapterOptions = {}) => {
  const checkOf = routeChecks(verifier, options)
  return (permission: string | null, required: RouteRequirements) => {
    const check = checkOf(permission, required)
    return async (
      request: Request,
      params: Readonly<Record<string, string>> = {},
      context: VerifyContext = {},
    ): Promise<{ token: VerifiedToken; response: null } | { token: null; response: Response }> => {
      const source: RequestSource = {
        url: request.url,
        header: (name) => request.headers.get(name),
        param: (name) => (Object.hasOwn(params, name) ? params[name] : undefined),
      }
      const { token, refused } = await check(source, context)
      return refused === null ? { token, response: null } : { token, response: toResponse(refused) }
    }
  }
}

export const toResponse = ({ status, headers, body }: Answer): Response =>
  new Response(JSON.stringify(body), { status, headers })

/**
 * The `Response` for a request that `verify` or `authorize` has refused: 401 or 403 with a
 * challenge, 503 with `Retry-After`, and a JSON body (see `authorizationChallenge`). Any other
 * error is thrown again: it is the application's, and no statement about a token.
 * @param error the caught error
 * @param scope the required permission, or several with one space between them; sent with 403
 * @throws the error itself if it is no `VerificationError`; TypeError for a `scope` that is not a
 *   scope
 * @example
 * try {
 *   await verifier.verify(bearer, { permission: 'hook:track', plugin: anyPlugin })
 * } catch (error) {
 *   return errorResponse(error, 'hook:track')
 * }
 */
export const errorResponse = (
  error: unknown,
  scope?: string | null,
  options: ChallengeOptions = {},
): Response => {
  if (!(error instanceof VerificationError)) throw error
  return toResponse(authorizationChallenge(error, scope, options))
}

/**
 * Creates a handler that serves the metadata of this resource server (RFC 9728 §3), for servers of
 * Fetch API `Request`s and for Hono.
 * @example
 * app.get(metadata.path, serveMetadata(metadata))
 */
export const serveMetadata = (metadata: ProtectedResourceMetadata) => (): Response =>
  toResponse(metadataAnswer(metadata))

// What a request carries: its bearer token, and the plugin that it names. Pure.
import { bearerOf } from './bearer.ts'
import { type Challenge, type ChallengeOptions, authorizationChallenge } from './challenge.ts'
import { VerificationError } from '../errors.ts'
import {
  type ProtectedResourceMetadata,
  checkResourceMetadata,
  metadataAnswer,
} from './metadata.ts'
import { validateRouteRequirements } from '../token/requirement-checks.ts'
import type { Requirements } from '../token/requirements.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { Verifier, VerifyContext } from '../types.ts'

/** A request as the adapters see it. */
export type RequestSource = {
  /** Absolute in Hono and of a `Request`; in Express and Fastify path and query, as handlers see them. */
  url: string
  header: (name: string) => string | null | undefined
  /** A part of the path that the router has a name for. */
  param: (name: string) => string | undefined
}

/** Finds in a request what it names. Null where it names nothing, or several. */
export type From = (source: RequestSource) => string | null

/**
 * The one value of a query parameter; null where it is missing, empty or repeated.
 * Two readers of a repeated parameter may each take another one.
 */
export const single = (url: string | URL, name: string): string | null => {
  const [withoutFragment = ''] = String(url).split('#', 1)
  const start = withoutFragment.indexOf('?')
  if (start < 0) return null
  const values = new URLSearchParams(withoutFragment.slice(start)).getAll(name)
  return values.length === 1 && values[0] !== '' ? (values[0] ?? null) : null
}

/** From a query parameter. */
export const fromQuery =
  (name: string): From =>
  ({ url }) =>
    single(url, name)

/** From a header; several with the name come joined with commas and match no plugin. */
export const fromHeader =
  (name: string): From =>
  ({ header }) =>
    header(name) || null

/** From a named part of the path. */
export const fromParam =
  (name: string): From =>
  ({ param }) =>
    param(name) || null

/** What a route needs; where the plugin comes from the request, how to find it. */
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

/** What the adapters may be told. */
export type AdapterOptions = ChallengeOptions

/** What is sent instead of a route's own answer. */
export type Answer = { status: number; headers: Record<string, string>; body: object }

/** The token of a request that may pass, or the answer that refuses it. */
type Checked = { token: VerifiedToken; refused: null } | { token: null; refused: Challenge }

/**
 * What all adapters do: options are checked when the adapter is built, requirements when a route is, and a request
 * when it comes. Whatever is no refusal is thrown.
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
 * For servers whose handlers take a Fetch API `Request`:
 * `const { token, response } = await requirePermission('hook:govern', { plugin: fromQuery('plugin_id') })(request)`.
 * Either the token, or the response that refuses the request. Whatever is no refusal is thrown. Further
 * arguments: the named parts of the path, and `{ waitUntil }` of the platform.
 * @throws TypeError for options or requirements that are none
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
 * The `Response` for a request that `verify` or `authorize` has refused: 401 or 403 with a challenge, 503 with
 * `Retry-After`, and the JSON body (see `authorizationChallenge`). Whatever is no refusal is thrown on, so that it is
 * the application's error and not an answer about a token.
 * @param error what was caught
 * @param scope the permission that was needed, or several with a space between them; said on 403
 * @throws the error itself where it is no `VerificationError`; TypeError for a scope that is none
 * @example try { … } catch (error) { return errorResponse(error, 'hook:govern') }
 */
export const errorResponse = (
  error: unknown,
  scope?: string | null,
  options: ChallengeOptions = {},
): Response => {
  if (!(error instanceof VerificationError)) throw error
  return toResponse(authorizationChallenge(error, scope, options))
}

/** A handler for servers of Fetch API `Request`s, and for Hono's `app.get(metadata.path, …)`. */
export const serveMetadata = (metadata: ProtectedResourceMetadata) => (): Response =>
  toResponse(metadataAnswer(metadata))

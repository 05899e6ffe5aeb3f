// What a request carries: its bearer token, and the plugin that it names. Pure.
import type { Requirements } from './authorization.ts'
import { authorizationChallenge } from './challenge.ts'
import { VerificationError } from './errors.ts'
import { checkRouteSaid } from './options.ts'
import type { VerifiedToken, Verifier, VerifyContext } from './verifier.ts'

/** A request as the adapters see it. */
export type RequestSource = {
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

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1), the scheme in any case; null where there is none. */
export const bearerOf = (authorization: string | null | undefined): string | null =>
  /^bearer +(.*)$/is.exec(authorization ?? '')?.[1] ?? null

/** Checks a request for a route. @throws as `Verifier.verify` does */
export const verifyRequest = (
  verifier: Verifier,
  source: RequestSource,
  permission: string | null,
  { plugin, ...others }: RouteRequirements,
  context: VerifyContext = {},
): Promise<VerifiedToken> =>
  verifier.verify(
    bearerOf(source.header('authorization')),
    { ...others, permission, plugin: typeof plugin === 'function' ? plugin(source) : plugin },
    context,
  )

/**
 * For servers whose handlers take a Fetch API `Request`:
 * `const { token, response } = await requirePermission('hook:govern', { plugin: fromQuery('plugin_id') })(request)`.
 * Either the token, or the response that refuses the request. Whatever is no refusal is thrown. Further
 * arguments: the named parts of the path, and `{ waitUntil }` of the platform.
 */
export const requestAdapter =
  (verifier: Verifier) => (permission: string | null, required: RouteRequirements) => {
    checkRouteSaid(permission, required)
    return async (
      request: Request,
      params: Readonly<Record<string, string>> = {},
      context: VerifyContext = {},
    ): Promise<{ token: VerifiedToken; response: null } | { token: null; response: Response }> => {
      const source = {
        url: request.url,
        header: (name: string) => request.headers.get(name),
        param: (name: string) => (Object.hasOwn(params, name) ? params[name] : undefined),
      }
      try {
        return {
          token: await verifyRequest(verifier, source, permission, required, context),
          response: null,
        }
      } catch (error) {
        return { token: null, response: refusedResponse(error, permission) }
      }
    }
  }

/** @throws the error itself where it is not a refusal */
export const refusedResponse = (error: unknown, permission: string | null): Response => {
  if (!(error instanceof VerificationError)) throw error
  const { status, headers, body } = authorizationChallenge(error, permission)
  return new Response(JSON.stringify(body), { status, headers })
}

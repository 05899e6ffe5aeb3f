// The metadata of a resource server (RFC 9728), and its address. Pure.
import { isScopeToken } from '../token/scope.ts'
import { isOrigin, isSecureUrl } from '../url.ts'

const WELL_KNOWN_PATH = '/.well-known/oauth-protected-resource'

/** Time for which caches may keep the metadata, in seconds: some clients request it each time. */
const MAX_AGE_SECONDS = 3600

/** Options of `protectedResourceMetadata`. */
export type ProtectedResourceOptions = {
  /**
   * The URL that clients call: https (http for loopback only), with or without a path. It may
   * differ from the audience in tokens, which may be an id that is no URL.
   */
  resource: string
  /** Origin of the authorization server, as in `createVerifier`. */
  issuer: string
  /** Permissions that clients may request (scope tokens, RFC 6749 §3.3). */
  permissions?: readonly string[]
  /** Name for people. */
  name?: string
  /** URL of a page for developers. */
  documentation?: string
}

/** The metadata document (RFC 9728 §2). */
export type ProtectedResourceDocument = {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly scopes_supported?: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
  readonly resource_name?: string
  readonly resource_documentation?: string
}

/** The metadata of a resource server, with its address. */
export type ProtectedResourceMetadata = {
  /** Value for the option `resourceMetadata` of the adapters. */
  readonly url: string
  /** The path of `url`, for the router. */
  readonly path: string
  readonly document: ProtectedResourceDocument
}

/**
 * Creates the metadata document of a resource server (RFC 9728 §2), and its address: the well-known
 * path lies between the host and the path of `resource` (§3.1).
 * @throws TypeError for an invalid option
 * @example
 * const metadata = protectedResourceMetadata({
 *   resource: 'https://hook.example',
 *   issuer: 'https://auth.example',
 *   permissions: ['hook:track'],
 * })
 * const requirePermission = honoAdapter(verifier, { resourceMetadata: metadata.url })
 */
export const protectedResourceMetadata = (
  options: ProtectedResourceOptions,
): ProtectedResourceMetadata => {
  checkProtectedResource(options)
  const { resource, issuer, permissions = [], name, documentation } = options
  const { origin, pathname } = new URL(resource)
  const path = WELL_KNOWN_PATH + (pathname === '/' ? '' : pathname)
  const document: ProtectedResourceDocument = {
    resource,
    authorization_servers: [issuer],
    // §3.2: members without a value must be omitted.
    ...(permissions.length > 0 && { scopes_supported: [...permissions] }),
    bearer_methods_supported: ['header'],
    ...(name !== undefined && { resource_name: name }),
    ...(documentation !== undefined && { resource_documentation: documentation }),
  }
  return { url: origin + path, path, document }
}

/** The answer with the document. Pages of every origin may read it, because it is public. */
export const metadataAnswer = ({ document }: ProtectedResourceMetadata) => ({
  status: 200,
  headers: {
    'Access-Control-Allow-Origin': '*',
    'Cache-Control': `public, max-age=${MAX_AGE_SECONDS}`,
    'Content-Type': 'application/json',
  },
  body: document,
})

/**
 * Characters that need no escape in a quoted string (RFC 9110 §5.6.4) and occur in a URL without
 * fragment.
 */
const QUOTABLE = /^[!$-[\]-~]+$/

/** @throws TypeError */
export const checkResourceMetadata = (url: string | undefined): void => {
  if (url === undefined) return
  if (!isSecureUrl(url) || !QUOTABLE.test(url)) {
    throw new TypeError(
      'resourceMetadata must be an absolute https URL without fragment (http for localhost only)',
    )
  }
}

/** Characters that no router reads as a pattern, unlike `:` and `*`. */
const PLAIN_PATH = /^[\w.~/-]*$/

/**
 * True for a URL in the spelling in which it is sent, because clients compare it exactly (§3.3).
 */
const isResource = (value: unknown): boolean => {
  if (!isSecureUrl(value)) return false
  const { origin, pathname } = new URL(value)
  return PLAIN_PATH.test(pathname) && (value === origin || value === origin + pathname)
}

const checkProtectedResource = (options: ProtectedResourceOptions): void => {
  const { resource, issuer, permissions = [], name, documentation } = options
  if (!isResource(resource)) {
    throw new TypeError(
      'resource must be an https URL (http for localhost only) as it is sent, without query or fragment, ' +
        'its path of A-Z a-z 0-9 . _ ~ - /',
    )
  }
  if (!isOrigin(issuer)) {
    throw new TypeError('issuer must be an https origin without path (http for localhost only)')
  }
  if (!Array.isArray(permissions) || !permissions.every(isScopeToken)) {
    throw new TypeError('permissions must be scope tokens')
  }
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new TypeError('name must be a text')
  }
  if (documentation !== undefined && !isSecureUrl(documentation)) {
    throw new TypeError('documentation must be an https URL (http for localhost only)')
  }
}

// What a resource server says about itself (RFC 9728), and where. Pure.
import { isOrigin, isSecureUrl } from '../url.ts'
import { isScopeToken } from '../token/scope.ts'

const WELL_KNOWN_PATH = '/.well-known/oauth-protected-resource'

/** Clients look when a challenge tells them to; an hour spares the server the ones that look every time. */
const MAX_AGE_SECONDS = 3600

export type ProtectedResourceOptions = {
  /**
   * The URL that clients call: https (http for loopback only), with or without path. It need not be the audience
   * in tokens, which may be an id that is no URL.
   */
  resource: string
  /** The authorization server's origin, as in `createVerifier`. */
  issuer: string
  /** Those that clients may ask for. */
  permissions?: readonly string[]
  /** For people. */
  name?: string
  /** A page for developers. */
  documentation?: string
}

/** The document of RFC 9728 §2. */
export type ProtectedResourceDocument = {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly scopes_supported?: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
  readonly resource_name?: string
  readonly resource_documentation?: string
}

export type ProtectedResourceMetadata = {
  /** For the option `resourceMetadata` of the adapters. */
  readonly url: string
  /** The path of `url`, for the router. */
  readonly path: string
  readonly document: ProtectedResourceDocument
}

/**
 * The metadata document of a resource server, and its place: the well-known path goes between the host and the
 * path of `resource` (RFC 9728 §3.1).
 * @throws TypeError
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
    // §3.2: a member without any value must be left out.
    ...(permissions.length > 0 && { scopes_supported: [...permissions] }),
    bearer_methods_supported: ['header'],
    ...(name !== undefined && { resource_name: name }),
    ...(documentation !== undefined && { resource_documentation: documentation }),
  }
  return { url: origin + path, path, document }
}

/** What is answered at the path, for browsers of every origin, too: it is public, and says so. */
export const metadataAnswer = ({ document }: ProtectedResourceMetadata) => ({
  status: 200,
  headers: {
    'Access-Control-Allow-Origin': '*',
    'Cache-Control': `public, max-age=${MAX_AGE_SECONDS}`,
    'Content-Type': 'application/json',
  },
  body: document,
})

/** What stands unescaped in a quoted string (RFC 9110 §5.6.4) and in a URL without fragment. */
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

/** Routers read what is not in here, such as `:` and `*`, as patterns. */
const PLAIN_PATH = /^[\w.~/-]*$/

/** Clients compare letter by letter (§3.3), so it must be spelt as URLs are when they are sent. */
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

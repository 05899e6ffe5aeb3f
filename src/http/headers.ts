import { RETAINED_304_HEADERS, etag } from 'hono/etag'
import { createMiddleware } from 'hono/factory'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { MAX_REQUEST_ID_CHARS } from '../constants.ts'

/**
 * Headers of every answer that no cache may store: all but the public documents (RFC 6749 §5.1).
 */
export const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' }

/** Sets the headers of `NO_STORE`. */
export const noStore = createMiddleware(async (c, next) => {
  for (const [name, value] of Object.entries(NO_STORE)) c.header(name, value)
  await next()
})

/**
 * The value of `Allow` (RFC 9110 §10.2.1). Every address with GET answers HEAD.
 * @example allowHeader(['GET', 'PUT']) // 'GET, HEAD, PUT'
 */
export const allowHeader = (methods: readonly string[]): string =>
  methods.map((method) => (method === 'GET' ? 'GET, HEAD' : method)).join(', ')

/** `X-Request-Id`: the client's if it is well-formed, else a new one. Every answer has it. */
export const requestIds = requestId({ limitLength: MAX_REQUEST_ID_CHARS })

/**
 * Security headers of every answer; a handler can replace them. HSTS only for an https issuer: it
 * would break http on localhost.
 */
export const securityHeaders = (issuer: string) =>
  secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    strictTransportSecurity: issuer.startsWith('https:') && 'max-age=31536000',
    xFrameOptions: 'DENY',
    crossOriginResourcePolicy: 'cross-origin',
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xXssProtection: false,
    overwrite: false,
  })

/** Lets pages of any origin read an answer. For public documents alone. */
export const anyOrigin = createMiddleware(async (c, next) => {
  c.header('Access-Control-Allow-Origin', '*')
  await next()
})

/**
 * Validators (RFC 9110 §8.8.3): answers 304 if the cache has the document, with the headers that
 * the cache needs and our own.
 */
export const etags = etag({
  retainedHeaders: [
    ...RETAINED_304_HEADERS,
    'access-control-allow-origin',
    'content-security-policy',
    'x-request-id',
  ],
})

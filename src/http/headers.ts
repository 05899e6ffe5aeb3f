import { randomUUID } from 'node:crypto'
import { RETAINED_304_HEADERS, etag } from 'hono/etag'
import { createMiddleware } from 'hono/factory'
import { MAX_REQUEST_ID_CHARS } from '../constants.ts'
import type { AppContext, AppEnv } from '../deps.ts'

/**
 * Headers of every answer that no cache may store: all but the public documents (RFC 6749 §5.1).
 */
export const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' }

/** Adds headers to the answer of a request, whichever handler makes it. */
export const addHeaders = (c: AppContext, headers: Readonly<Record<string, string>>): void => {
  Object.assign(c.get('headers'), headers)
}

/** Middleware: adds headers to every answer of an address. */
const withHeaders = (headers: Readonly<Record<string, string>>) =>
  createMiddleware<AppEnv>((c, next) => {
    addHeaders(c, headers)
    return next()
  })

/** Middleware: keeps answers out of caches. */
export const noStore = withHeaders(NO_STORE)

/** Middleware: lets pages of any origin read an answer. For public documents alone. */
export const anyOrigin = withHeaders({ 'Access-Control-Allow-Origin': '*' })

/**
 * The value of `Allow` (RFC 9110 §10.2.1). Every address with GET answers HEAD.
 * @example allowHeader(['GET', 'PUT']) // 'GET, HEAD, PUT'
 */
export const allowHeader = (methods: readonly string[]): string =>
  methods.map((method) => (method === 'GET' ? 'GET, HEAD' : method)).join(', ')

/**
 * Headers that keep a browser from running or framing an answer. HSTS only for an https issuer: it would break http on
 * localhost.
 */
const securityHeaders = (issuer: string): Record<string, string> => ({
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Referrer-Policy': 'no-referrer',
  ...(issuer.startsWith('https:') && { 'Strict-Transport-Security': 'max-age=31536000' }),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'X-Permitted-Cross-Domain-Policies': 'none',
})

const isRequestId = (text: string): boolean =>
  text.length <= MAX_REQUEST_ID_CHARS && /^[\w=-]+$/.test(text)

/**
 * Middleware, before all others: prepares the headers of every answer, which `respond` sends. They are the security
 * headers and `X-Request-Id`: the client's if it is well-formed, else a new one.
 */
export const everyAnswer = (issuer: string) => {
  const security = securityHeaders(issuer)
  return createMiddleware<AppEnv>((c, next) => {
    const sent = c.req.header('x-request-id') ?? ''
    const requestId = isRequestId(sent) ? sent : randomUUID()
    c.set('requestId', requestId)
    c.set('headers', { ...security, 'X-Request-Id': requestId })
    return next()
  })
}

/**
 * Validators (RFC 9110 §8.8.3): answers 304 if the cache has the document, with the headers that
 * the cache needs and our own.
 */
export const etags = etag({
  retainedHeaders: [
    ...RETAINED_304_HEADERS,
    'access-control-allow-origin',
    ...Object.keys(securityHeaders('https:')),
    'x-request-id',
  ],
})

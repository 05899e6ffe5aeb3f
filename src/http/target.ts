// The target of a request and its Host. The server accepts one spelling of each.
import { createMiddleware } from 'hono/factory'
import type { AppContext, AppEnv } from '../deps.ts'

/** A target in origin form (RFC 9112 §3.2.1), and its host. */
export type Target = { pathAndQuery: string; host: string }

/**
 * A path (RFC 3986 §3.3) without unnecessary percent-encoding (§6.2.2) and without control
 * characters.
 */
const PATH =
  /^(?:[\w.~!$&'()*+,;=:@/-]|%(?:2[0-9A-CF]|3[A-F]|40|5[BCDE]|60|7[BCD]|[89A-F][0-9A-F]))+$/

const DOT_SEGMENT = /\/\.\.?(?:\/|$)/

/**
 * True for a path in its canonical spelling (RFC 3986 §6.2.2): no dot segment, no unnecessary
 * percent-encoding, upper-case hexadecimal digits, no control characters, well-formed UTF-8.
 */
export const isCanonicalPath = (path: string): boolean =>
  path.startsWith('/') &&
  PATH.test(path) &&
  !DOT_SEGMENT.test(path) &&
  (!path.includes('%') || isUtf8(path))

const isUtf8 = (path: string): boolean => {
  try {
    return decodeURIComponent(path) !== ''
  } catch {
    return false
  }
}

/** The path of a URL or of a target, in its original spelling. */
export const pathOf = (url: string): string => {
  const scheme = url.startsWith('/') ? 0 : url.indexOf('://') + 3
  const start = url.indexOf('/', scheme)
  const query = url.indexOf('?', scheme)
  return url.slice(start, query === -1 ? undefined : query)
}

/** Middleware: refuses a path in another spelling, because the router would decode it. */
export const canonicalPaths = (refuse: (c: AppContext) => Response | Promise<Response>) =>
  createMiddleware<AppEnv>(async (c, next) =>
    isCanonicalPath(pathOf(c.req.raw.url)) ? await next() : await refuse(c),
  )

/** Visible ASCII without `#`, because a target has no fragment (RFC 9112 §3.2). */
const VISIBLE = /^[!"$-~]+$/
const ABSOLUTE_FORM = /^https?:\/\/([^/?]*)(.*)$/i

/**
 * Parses the target of a request line. For the absolute form the path is that of the URL, and its
 * host replaces the Host field (RFC 9112 §3.2.2).
 * @param hosts all Host fields; HTTP/1.0 may have none
 * @returns null for a malformed target or host
 */
export const readTarget = (target: string, hosts: readonly string[]): Target | null => {
  if (!VISIBLE.test(target) || hosts.length > 1 || !hosts.every(isHost)) return null
  const [, authority, rest = ''] = ABSOLUTE_FORM.exec(target) ?? []
  if (authority === undefined) {
    return target.startsWith('/') ? { pathAndQuery: target, host: hosts[0] ?? '' } : null
  }
  if (!isHost(authority)) return null
  return { pathAndQuery: rest.startsWith('/') ? rest : `/${rest}`, host: authority }
}

/** The longest name in DNS (RFC 1035 §2.3.4), and a port. */
const MAX_HOST_CHARS = 255 + 6
const HOST = /^([\w.~-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i

/**
 * True for a host (RFC 9110 §7.2) that a URL parses and spells in the same way; `127.1` becomes
 * `127.0.0.1` there.
 */
const isHost = (host: string): boolean => {
  if (host === lastGoodHost) return true
  const name = host.length > MAX_HOST_CHARS ? undefined : HOST.exec(host)?.[1]
  const good =
    name !== undefined &&
    URL.canParse(`http://${host}`) &&
    new URL(`http://${host}`).hostname === name.toLowerCase()
  if (good) lastGoodHost = host
  return good
}

/** Caches the latest host: nearly all requests have the same one. */
let lastGoodHost = ''

// The target of a request and its Host: one spelling of each is answered.
import { createMiddleware } from 'hono/factory'
import type { AppContext, AppEnv } from '../deps.ts'

/** A target as RFC 9112 §3.2.1 writes it, and the host that it is for. */
export type Target = { pathAndQuery: string; host: string }

/** RFC 3986 §3.3. Octets that need no percent-encoding have none, and controls do not occur (§6.2.2). */
const PATH =
  /^(?:[\w.~!$&'()*+,;=:@/-]|%(?:2[0-9A-CF]|3[A-F]|40|5[BCDE]|60|7[BCD]|[89A-F][0-9A-F]))+$/

const DOT_SEGMENT = /\/\.\.?(?:\/|$)/

/**
 * True for a path in its one spelling (RFC 3986 §6.2.2): no dot segment, nothing encoded that needs no encoding,
 * capital letters in what is, no control characters, well-formed UTF-8.
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

/** The path of a URL or of a target, as it is spelled there. */
export const pathOf = (url: string): string => {
  const scheme = url.startsWith('/') ? 0 : url.indexOf('://') + 3
  const start = url.indexOf('/', scheme)
  const query = url.indexOf('?', scheme)
  return url.slice(start, query === -1 ? undefined : query)
}

/** Middleware: only the one spelling of a path reaches a route, since the router would decode the others. */
export const canonicalPaths = (refuse: (c: AppContext) => Response | Promise<Response>) =>
  createMiddleware<AppEnv>(async (c, next) =>
    isCanonicalPath(pathOf(c.req.raw.url)) ? await next() : await refuse(c),
  )

/** Visible characters, of which a fragment is none (RFC 9112 §3.2). */
const VISIBLE = /^[!"$-~]+$/
const ABSOLUTE_FORM = /^https?:\/\/([^/?]*)(.*)$/i

/**
 * Reads the target of a request line. The absolute form counts as its path, with its host in place of the Host
 * field (RFC 9112 §3.2.2).
 * @param hosts every Host field; none for HTTP/1.0
 * @returns null where the target or a host is not well-formed
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

/** Longest name of DNS (RFC 1035 §2.3.4), and a port. */
const MAX_HOST_CHARS = 255 + 6
const HOST = /^([\w.~-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i

/** RFC 9110 §7.2. A name that a URL would spell otherwise (`127.1`) is refused, as one that no URL takes. */
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

/** Nearly all requests name the same one. */
let lastGoodHost = ''

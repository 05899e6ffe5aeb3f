// A request of Node's HTTP server, as Express and Fastify pass it on, and the verified token of a
// request.
import { mapAcrossBuilds } from '../sharing.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { RequestSource } from './request.ts'

/** The used part of such a request, except its parameters. `url` is the one that handlers see. */
export type NodeRequest = {
  url: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  rawHeaders: readonly string[]
}

export const nodeRequestSource = (
  { url, headers, rawHeaders }: NodeRequest,
  params: unknown,
): RequestSource => ({
  // A target has no fragment (RFC 9112 §3.2). Parsers disagree on where the query of one ends: it
  // then names nothing.
  url: url.includes('#') ? '' : url,
  header: (name) => headerOf(headers, rawHeaders, name.toLowerCase()),
  param: (name) => paramOf(params, name),
})

/**
 * Joins repeated headers, as Fetch's `Headers` does, so that they match nothing: Node keeps only
 * the first `Authorization`. A header that middleware has removed or replaced stays so.
 */
const headerOf = (
  headers: NodeRequest['headers'],
  rawHeaders: NodeRequest['rawHeaders'],
  name: string,
): string | undefined => {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (value === undefined) return undefined
  const sent = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)
  return sent.length > 1 ? sent.join(', ') : String(value)
}

/**
 * The parameter if it is one text. A wildcard of Express is a list of segments: one is a value,
 * several are not.
 */
const paramOf = (params: unknown, name: string): string | undefined => {
  if (typeof params !== 'object' || params === null) return undefined
  const value: unknown = Object.getOwnPropertyDescriptor(params, name)?.value
  const only: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  return typeof only === 'string' ? only : undefined
}

/**
 * The verified token of each request. It is not a property of the request: an application would
 * have to declare its type, and a logger could write it with the rest of the request.
 */
const tokens = mapAcrossBuilds<VerifiedToken>('tokens')

export const rememberToken = (request: object, token: VerifiedToken): void => {
  tokens.set(request, token)
}

/**
 * The verified token of a request that `requirePermission` has accepted.
 * @throws TypeError for a request that no `requirePermission` has accepted
 * @example
 * app.get('/me', requirePermission('hook:track', { plugin: anyPlugin }), (req, res) => {
 *   res.json({ client: tokenOf(req).clientId })
 * })
 */
export const tokenOf = (request: object): VerifiedToken => {
  const token = tokens.get(request)
  if (token === undefined) throw new TypeError('no requirePermission has accepted this request')
  return token
}

// A request of Node's HTTP server, as Express and Fastify hand it on, and the token that was verified for it.
import type { RequestSource } from './request.ts'
import { mapAcrossBuilds } from '../sharing.ts'
import type { VerifiedToken } from '../token/verified-token.ts'

/** What is needed of such a request but for its parameters: `url` as handlers see it. */
export type NodeRequest = {
  url: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  rawHeaders: readonly string[]
}

export const nodeRequestSource = (
  { url, headers, rawHeaders }: NodeRequest,
  params: unknown,
): RequestSource => ({
  // A target has no fragment (RFC 9112 §3.2). Parsers differ on where a query ends that has one: it names nothing.
  url: url.includes('#') ? '' : url,
  header: (name) => headerOf(headers, rawHeaders, name.toLowerCase()),
  param: (name) => paramOf(params, name),
})

/**
 * Node keeps the first of several `Authorization`; here they are joined, as Fetch's `Headers` does, and so match
 * nothing. What middleware took away or put in place of the one that was sent stays so.
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

/** A wildcard of Express has a list of segments: one is a value, several are not. */
const paramOf = (params: unknown, name: string): string | undefined => {
  if (typeof params !== 'object' || params === null) return undefined
  const value: unknown = Object.getOwnPropertyDescriptor(params, name)?.value
  const only: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  return typeof only === 'string' ? only : undefined
}

/**
 * Not a property of the request: the types of neither framework have one that an application would not have to
 * declare, and what is no property is not logged or rendered with the rest by mistake.
 */
const tokens = mapAcrossBuilds<VerifiedToken>('tokens')

export const rememberToken = (request: object, token: VerifiedToken): void => {
  tokens.set(request, token)
}

/**
 * The verified token of a request that `requirePermission` let pass.
 * @throws TypeError where no `requirePermission` stands before
 */
export const tokenOf = (request: object): VerifiedToken => {
  const token = tokens.get(request)
  if (token === undefined) throw new TypeError('no requirePermission has let this request pass')
  return token
}

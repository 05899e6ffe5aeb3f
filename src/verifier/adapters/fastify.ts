// Adapter for Fastify 4 and 5, typed structurally: it imports nothing of Fastify.
import type { Verifier } from '../types.ts'
import { type ProtectedResourceMetadata, metadataAnswer } from './metadata.ts'
import { type NodeRequest, nodeRequestSource, rememberToken } from './node-request.ts'
import { type AdapterOptions, type Answer, type RouteRequirements, routeChecks } from './request.ts'

export { tokenOf } from './node-request.ts'

/** The used part of Fastify's request. */
type FastifyRequest = Omit<NodeRequest, 'rawHeaders'> & {
  raw: Pick<NodeRequest, 'rawHeaders'>
  params: unknown
}

/** Methods rather than properties: they accept the reply of a route with any schema. */
type FastifyReply = {
  statusCode: number
  headers(values: Record<string, string>): unknown
  send(payload: unknown): unknown
}

/**
 * Creates `requirePermission` for Fastify: a hook that answers a refused request (RFC 6750 §3). As
 * `onRequest` it refuses before the body is read; `preHandler` works as well. For other requests
 * `tokenOf(request)` returns the verified token. An error that is no refusal goes to the error
 * handler.
 * @throws TypeError for invalid options, when the adapter is created, and for invalid requirements,
 *   when a route is
 * @example
 * const requirePermission = fastifyAdapter(verifier)
 * const onRequest = requirePermission('hook:track', { plugin: fromQuery('plugin_id') })
 * app.post('/hooks/track', { onRequest }, async (request) => {
 *   return { client: tokenOf(request).clientId }
 * })
 */
export const fastifyAdapter = (verifier: Verifier, options: AdapterOptions = {}) => {
  const checkOf = routeChecks(verifier, options)
  return (permission: string | null, required: RouteRequirements) => {
    const check = checkOf(permission, required)
    return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      const { url, headers, raw, params } = request
      const incoming = { url, headers, rawHeaders: raw.rawHeaders }
      const { token, refused } = await check(nodeRequestSource(incoming, params))
      if (refused !== null) return answer(reply, refused)
      rememberToken(request, token)
    }
  }
}

/**
 * Creates a handler that serves the metadata of this resource server (RFC 9728 §3).
 * @example
 * app.get(metadata.path, serveMetadata(metadata))
 */
export const serveMetadata = (metadata: ProtectedResourceMetadata) => {
  const document = metadataAnswer(metadata)
  return async (_request: unknown, reply: FastifyReply): Promise<unknown> => answer(reply, document)
}

const encoder = new TextEncoder()

/**
 * Sends bytes, because Fastify adds a character set to texts and objects, which JSON has not
 * (RFC 8259 §11), and applies a route's schema to objects.
 * @returns the reply, for which Fastify then waits
 */
const answer = (reply: FastifyReply, { status, headers, body }: Answer): FastifyReply => {
  reply.statusCode = status
  reply.headers(headers)
  reply.send(encoder.encode(JSON.stringify(body)))
  return reply
}

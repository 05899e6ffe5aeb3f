// Fastify 5, typed structurally: nothing of it is imported.
import { type NodeRequest, nodeRequestSource, rememberToken } from './node-request.ts'
import { type ProtectedResourceMetadata, metadataAnswer } from './metadata.ts'
import { type Answer, type AdapterOptions, type RouteRequirements, routeChecks } from './request.ts'
import type { Verifier } from '../types.ts'

export { tokenOf } from './node-request.ts'

/** What this adapter needs of Fastify's request. */
type FastifyRequest = Omit<NodeRequest, 'rawHeaders'> & {
  raw: Pick<NodeRequest, 'rawHeaders'>
  params: unknown
}

/** Methods, so that a reply fits whatever its route's schema lets it send. */
type FastifyReply = {
  statusCode: number
  headers(values: Record<string, string>): unknown
  send(payload: unknown): unknown
}

/**
 * A hook for Fastify: `const requirePermission = fastifyAdapter(verifier)`, then
 * `app.post('/hooks/govern', { onRequest: requirePermission('hook:govern', { plugin: fromQuery('plugin_id') }) }, handler)`.
 * As `onRequest` it refuses before a body is read; `preHandler` is as good. A refused request is answered; in the
 * others `tokenOf(request)` is the verified token. Whatever is no refusal goes to the error handler.
 * @throws TypeError for options or requirements that are none
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

/** A handler for `app.get(metadata.path, …)`. */
export const serveMetadata = (metadata: ProtectedResourceMetadata) => {
  const document = metadataAnswer(metadata)
  return async (_request: unknown, reply: FastifyReply): Promise<unknown> => answer(reply, document)
}

const encoder = new TextEncoder()

/**
 * Bytes, because to text and objects Fastify adds a character set, which JSON has not (RFC 8259 §11), and a route's
 * schema. Gives the reply, so that Fastify waits for it and goes no further.
 */
const answer = (reply: FastifyReply, { status, headers, body }: Answer): FastifyReply => {
  reply.statusCode = status
  reply.headers(headers)
  reply.send(encoder.encode(JSON.stringify(body)))
  return reply
}

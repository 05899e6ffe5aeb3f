// Adapter for Express 4 and 5, typed structurally: it imports nothing of Express.
import type { Verifier } from '../types.ts'
import { type ProtectedResourceMetadata, metadataAnswer } from './metadata.ts'
import { type NodeRequest, nodeRequestSource, rememberToken } from './node-request.ts'
import { type AdapterOptions, type Answer, type RouteRequirements, routeChecks } from './request.ts'

export { tokenOf } from './node-request.ts'

/** The used part of Express's response. */
type ExpressResponse = {
  readonly headersSent: boolean
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

type Next = (error?: unknown) => void

/**
 * Creates `requirePermission` for Express: middleware that answers a refused request (RFC 6750 §3).
 * For other requests `tokenOf(req)` returns the verified token. An error that is no refusal goes to
 * the error handler.
 * @throws TypeError for invalid options, when the adapter is created, and for invalid requirements,
 *   when a route is
 * @example
 * const requirePermission = expressAdapter(verifier)
 * const plugin = fromQuery('plugin_id')
 * app.post('/hooks/track', requirePermission('hook:track', { plugin }), (req, res) => {
 *   res.json({ client: tokenOf(req).clientId })
 * })
 */
export const expressAdapter = (verifier: Verifier, options: AdapterOptions = {}) => {
  const checkOf = routeChecks(verifier, options)
  return (permission: string | null, required: RouteRequirements) => {
    const check = checkOf(permission, required)
    return async (req: NodeRequest, res: ExpressResponse, next: Next): Promise<void> => {
      try {
        const { token, refused } = await check(nodeRequestSource(req, paramsOf(req)))
        if (refused !== null) return answer(res, refused)
        rememberToken(req, token)
      } catch (error) {
        return next(error instanceof Error ? error : new Error('not an error', { cause: error }))
      }
      next()
    }
  }
}

/**
 * Reads `params`, which the type of `req` omits: Express would infer the type of later handlers'
 * `req.params` from it.
 */
const paramsOf = (req: object): unknown => ('params' in req ? req.params : undefined)

/**
 * Creates a handler that serves the metadata of this resource server (RFC 9728 §3).
 * @example
 * app.get(metadata.path, serveMetadata(metadata))
 */
export const serveMetadata = (metadata: ProtectedResourceMetadata) => {
  const document = metadataAnswer(metadata)
  return (_req: unknown, res: ExpressResponse): void => answer(res, document)
}

/**
 * Writes an answer. `res.json` would add a character set, which JSON has not (RFC 8259 §11), and
 * let caches revalidate refusals.
 */
const answer = (res: ExpressResponse, { status, headers, body }: Answer): void => {
  if (res.headersSent) return // other middleware, such as a time limit, has answered
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  res.end(JSON.stringify(body))
}

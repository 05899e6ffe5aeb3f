// Express 5, typed structurally: nothing of it is imported.
import { type NodeRequest, nodeRequestSource, rememberToken } from './node-request.ts'
import { type ProtectedResourceMetadata, metadataAnswer } from './metadata.ts'
import { type Answer, type AdapterOptions, type RouteRequirements, routeChecks } from './request.ts'
import type { Verifier } from '../types.ts'

export { tokenOf } from './node-request.ts'

/** What this adapter needs of Express's response. */
type ExpressResponse = {
  readonly headersSent: boolean
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

type Next = (error?: unknown) => void

/**
 * Middleware for Express: `const requirePermission = expressAdapter(verifier)`, then
 * `app.post('/hooks/govern', requirePermission('hook:govern', { plugin: fromQuery('plugin_id') }), handler)`.
 * A refused request is answered; in the others `tokenOf(req)` is the verified token. Whatever is no refusal goes to
 * the error handler.
 * @throws TypeError for options or requirements that are none
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

/** Not in the type of `req`: Express would infer from it what the handlers behind have for `req.params`. */
const paramsOf = (req: object): unknown => ('params' in req ? req.params : undefined)

/** A handler for `app.get(metadata.path, …)`. */
export const serveMetadata = (metadata: ProtectedResourceMetadata) => {
  const document = metadataAnswer(metadata)
  return (_req: unknown, res: ExpressResponse): void => answer(res, document)
}

/** Not `res.json`, which names a character set that JSON has not (RFC 8259 §11) and lets refusals be revalidated. */
const answer = (res: ExpressResponse, { status, headers, body }: Answer): void => {
  if (res.headersSent) return // something else, such as a time limit, was faster
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  res.end(JSON.stringify(body))
}

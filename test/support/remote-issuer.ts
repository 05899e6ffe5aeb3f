// Issuers of a test: small servers with metadata, a token endpoint and an admin API of chosen answers.
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { withServer } from '../../src/cli/remote/perform.ts'
import { atEndOfFile } from './cleanups.ts'

export type Handler = (
  response: ServerResponse,
  request: IncomingMessage & { body: string },
) => void
export type Routes = Record<string, Handler>

export const CREDENTIALS = { clientId: 'lkc_admin', clientSecret: 'lks_secret' }

export const json =
  (value: unknown, status = 200, type = 'application/json'): Handler =>
  (response) => {
    response.writeHead(status, { 'content-type': type })
    response.end(JSON.stringify(value))
  }
export const problem = (status: number, code: string, detail: string): Handler =>
  json({ status, code, detail }, status, 'application/problem+json')

/** Answers each request with the next handler; the last one stays. */
export const inTurn = (...handlers: Handler[]): Handler => {
  let at = 0
  return (...given) => handlers[Math.min(at++, handlers.length - 1)]?.(...given)
}

/** Starts an issuer with metadata, a token endpoint and these routes, of which each has a method and a path. */
export const startIssuer = async (routes: Routes = {}, metadata: Record<string, unknown> = {}) => {
  const requests: { at: string; authorization: string; ifMatch: string; body: string }[] = []
  let tokens = 0
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const at = `${request.method} ${request.url}`
    const { authorization = '', 'if-match': ifMatch = '' } = request.headers
    requests.push({ at, authorization, ifMatch, body })
    const handler =
      routes[at] ?? all[at] ?? problem(404, 'not_found', 'there is nothing at this address')
    handler(response, Object.assign(request, { body }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEndOfFile(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const all: Routes = {
    'GET /.well-known/oauth-authorization-server': json({
      issuer: origin,
      token_endpoint: `${origin}/oauth/token`,
      ...metadata,
    }),
    'POST /oauth/token': (response, request) =>
      json({ access_token: `token-${++tokens}`, expires_in: 900 })(response, request),
  }
  const perform = <T>(steps: Parameters<typeof withServer<T>>[1]) =>
    withServer({ origin, credentials: CREDENTIALS }, steps)
  return { origin, requests, perform, paths: () => requests.map(({ at }) => at) }
}

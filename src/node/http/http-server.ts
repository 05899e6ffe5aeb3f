// HTTP server under the app: limits, answers to requests that do not reach the app, and the end of the server.
import { type IncomingMessage, type RequestListener, type Server, createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { type HttpBindings, getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { BASE } from '../../admin/api/table.ts'
import type { Config } from '../../config.ts'
import {
  CONNECTIONS_CHECK_MS,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  MAX_FORM_BYTES,
  MAX_JSON_BYTES,
  REFUSED_LINGER_MS,
  REQUEST_TIMEOUT_MS,
  SHUTDOWN_TIMEOUT_MS,
} from '../../constants.ts'
import type { AppEnv, Connected } from '../../deps.ts'
import { type OAuthErrorCode, StartRefused } from '../../errors.ts'
import { isCanonicalPath, pathOf, readTarget } from '../../http/target.ts'
import type { IsTrusted } from './client-address.ts'
import { type Connections, createConnections } from './connections.ts'
import { type Refusals, createRefusals } from './refusals.ts'

const LIMITS = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
  requireHostHeader: false, // `normalize` checks the field, and refuses with the headers of the app
}

export const createHttpServer = async (
  app: Hono<AppEnv>,
  { issuer, isTrusted }: { issuer: string; isTrusted: IsTrusted },
): Promise<Server> => {
  const refusals = await createRefusals(app)
  const server = createServer(LIMITS)
  const connections = createConnections(server, isTrusted)
  const fetch = (request: Request, { incoming }: { incoming: IncomingMessage }) =>
    app.fetch(request, {
      incoming,
      followed: () => connections.followed(incoming),
    } satisfies Connected & Partial<HttpBindings>)
  const answer = getRequestListener((request, env) => fetch(request, env as HttpBindings), {
    hostname: new URL(issuer).host, // host of HTTP/1.0 requests that name none; nothing depends on it
    errorHandler: () => refusals.response('server_error'),
  })
  /** Decides alike for every event that a request arrives with. */
  const on = (event: 'request' | 'checkContinue' | 'checkExpectation', then: RequestListener) =>
    server.on(
      event,
      connections.inTurn((request, response) => {
        const code = normalize(request)
        if (code === null) then(request, response)
        else refusals.answer(response, code)
      }),
    )
  const toApp: RequestListener = (request, response) => void answer(request, response)
  on('request', toApp)
  on('checkContinue', (request, response) => {
    if (mayContinue(request)) response.writeContinue()
    toApp(request, response)
  })
  on('checkExpectation', (_, response) => refusals.answer(response, 'expectation_unknown'))
  refuseMalformed(server, connections, refusals)
  return server
}

/** Normalizes the request line and the Host field. Returns the code of a refusal, or null. */
const normalize = (request: IncomingMessage): OAuthErrorCode | null => {
  const hosts = hostsOf(request)
  const { httpVersionMajor, httpVersion } = request
  if (httpVersionMajor !== 1) return 'request_malformed'
  if (httpVersion === '1.1' && hosts.length === 0) return 'request_malformed' // RFC 9112 §3.2
  const target = readTarget(request.url ?? '', hosts)
  if (target === null) return 'request_malformed'
  if (!isCanonicalPath(pathOf(target.pathAndQuery))) return 'not_found'
  request.url = target.pathAndQuery
  if (target.host !== '') request.headers.host = target.host
  return null
}

/** Returns every Host field. Node keeps the first alone. */
const hostsOf = ({ rawHeaders }: IncomingMessage): string[] => {
  const hosts: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === 'host') hosts.push(rawHeaders[i + 1] ?? '')
  }
  return hosts
}

/** RFC 9110 §10.1.1: a client that waits for 100 Continue need not send a body that is too long. */
const mayContinue = ({ headers, url }: IncomingMessage): boolean => {
  const limit = url?.startsWith(`${BASE}/`) === true ? MAX_JSON_BYTES : MAX_FORM_BYTES
  return Number(headers['content-length'] ?? 0) <= limit
}

/** Errors of the parser and of time limits. Every other error is a malformed request. */
const PARSER_ERRORS: Record<string, OAuthErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'chunks_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_too_slow',
}

const refuseMalformed = (server: Server, connections: Connections, refusals: Refusals): void => {
  const refuse = (socket: Duplex, code: OAuthErrorCode): void => {
    const answer = connections.answering(socket)
    // An answer that has begun must not be mixed with a second one.
    const begun = answer?.headersSent === true && !answer.writableFinished
    if (!socket.writable || begun) return void socket.destroy()
    socket.end(refusals.text(code))
    setTimeout(() => socket.destroy(), REFUSED_LINGER_MS).unref()
  }
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy()
    else refuse(socket, PARSER_ERRORS[error.code ?? ''] ?? 'request_malformed')
  })
  // Node closes the connection of a CONNECT without an answer if there is no listener.
  server.on('connect', (_, socket: Duplex) => {
    socket.removeAllListeners('data').resume()
    refuse(socket, 'request_malformed')
  })
}

/** @throws StartRefused if the address is in use, or is no address of this machine */
export const listen = (server: Server, { host, port }: Config): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new StartRefused(`cannot listen on ${host}:${port}: ${error.code}`))
    })
    server.listen(port, host, resolve)
  })

/** Waits for requests under way, up to SHUTDOWN_TIMEOUT_MS. Their connections are closed behind the answer. */
export const drain = async (server: Server): Promise<void> => {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const idle = setInterval(() => server.closeIdleConnections(), 100)
  const limit = setTimeout(() => server.closeAllConnections(), SHUTDOWN_TIMEOUT_MS)
  await closed
  clearInterval(idle)
  clearTimeout(limit)
}

// The HTTP server under the app: its time limits, what it answers where no request reaches the app, its end.
import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
  createServer,
} from 'node:http'
import type { Duplex } from 'node:stream'
import { RequestError, getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Config } from '../config.ts'
import {
  CONNECTIONS_CHECK_MS,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  MAX_FORM_BYTES,
  MAX_JSON_BYTES,
  REQUEST_TIMEOUT_MS,
  SHUTDOWN_TIMEOUT_MS,
} from '../constants.ts'
import type { AppEnv } from '../deps.ts'
import { StartRefused } from '../errors.ts'

const LIMITS = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
  requireHostHeader: false, // the listener refuses such a request itself, with our headers
}

export const createHttpServer = async (app: Hono<AppEnv>, issuer: string): Promise<Server> => {
  const headers = await headersOfEveryAnswer(app)
  const answer = getRequestListener(app.fetch, {
    hostname: new URL(issuer).host, // of HTTP/1.0 requests without one; nothing depends on it
    errorHandler: (error) =>
      new Response(null, { status: error instanceof RequestError ? 400 : 500, headers }),
  })
  const listener: RequestListener = (request, response) => {
    // RFC 9112 §3.2
    if (request.httpVersion === '1.1' && request.headers.host === undefined) {
      response.writeHead(400, { ...headers, Connection: 'close' }).end()
      return
    }
    void answer(request, response)
  }
  const server = createServer(LIMITS, listener)
  answerExpectations(server, listener, headers)
  answerMalformed(server, headers)
  return server
}

/** Security headers go on what the parser refuses, too; the app says what they are. */
const headersOfEveryAnswer = async (app: Hono<AppEnv>): Promise<Record<string, string>> => {
  const { headers } = await app.request('/')
  const ofThisAnswer = ['content-type', 'content-length', 'x-request-id']
  return Object.fromEntries([...headers].filter(([name]) => !ofThisAnswer.includes(name)))
}

/** RFC 9110 §10.1.1: whoever asks before sending a body that is too long need not send it. */
const answerExpectations = (
  server: Server,
  listener: RequestListener,
  headers: Record<string, string>,
): void => {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    const length = Number(request.headers['content-length'] ?? 0)
    const isJson = request.url?.startsWith('/admin/') === true
    if (length <= (isJson ? MAX_JSON_BYTES : MAX_FORM_BYTES)) response.writeContinue()
    listener(request, response)
  })
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    response.writeHead(417, { ...headers, Connection: 'close' }).end()
  })
}

/** What the parser throws, and what time limits throw, by its code; anything else is malformed. */
const PARSER_STATUS: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

const answerMalformed = (server: Server, headers: Record<string, string>): void => {
  /** The latest answer on each connection: where one has begun, nothing may be written into it. */
  const answers = new WeakMap<Duplex, ServerResponse>()
  server.prependListener('request', (request, response) => answers.set(request.socket, response))
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket)
    const begun = answer?.headersSent === true && !answer.writableFinished
    if (!socket.writable || error.code === 'ECONNRESET' || begun) {
      socket.destroy()
      return
    }
    const status = PARSER_STATUS[error.code ?? ''] ?? 400
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}Content-Length: 0\r\nConnection: close\r\n\r\n`,
    )
  })
}

/** @throws StartRefused where the address is taken or none of this machine */
export const listen = (server: Server, { host, port }: Config): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new StartRefused(`cannot listen on ${host}:${port}: ${error.code}`))
    })
    server.listen(port, host, resolve)
  })

/** Waits for running requests, within limits; their connections are not used again. */
export const drain = async (server: Server): Promise<void> => {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const idle = setInterval(() => server.closeIdleConnections(), 100)
  const limit = setTimeout(() => server.closeAllConnections(), SHUTDOWN_TIMEOUT_MS)
  await closed
  clearInterval(idle)
  clearTimeout(limit)
}

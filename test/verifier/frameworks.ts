// Express 4, Express 5 and Fastify as installed, each on a port of its own for one request.
import { once } from 'node:events'
import { type Server, type IncomingMessage, createServer, request as send } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import fastify, { type FastifyInstance } from 'fastify'

/** Express 4 has no types here. The tests use the parts that are as in Express 5. */
export const EXPRESS = {
  'express 4': createRequire(import.meta.url)('express-4') as typeof express,
  'express 5': express,
}

/** Request as it is written, with repeated headers, and targets that no URL has. */
export type Written = { method?: string; target: string; headers?: readonly string[] }

/** Headers of Node's server and of the connection, which no adapter sets. */
const OF_THE_SERVER = [
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
] as const

export const written = ({ method, url, headers }: Request): Written => ({
  method,
  target: url.slice(new URL(url).origin.length),
  headers: [...headers].flat(),
})

/** Lets the application from `build` answer one request. */
export const onExpress = async (
  build: (app: Express) => void,
  request: Written,
  create: typeof express = express,
): Promise<Response> => {
  const app = create().disable('x-powered-by').set('env', 'test')
  build(app)
  const server = createServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await answerOf(server, request)
  } finally {
    server.close().closeAllConnections()
  }
}

/** Lets the application from `build` answer one request. */
export const onFastify = async (
  build: (app: FastifyInstance) => void,
  request: Written,
): Promise<Response> => {
  const app = fastify({ forceCloseConnections: true })
  build(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  try {
    return await answerOf(app.server, request)
  } finally {
    await app.close()
  }
}

const answerOf = async (
  server: Server,
  { method = 'POST', target, headers = [] }: Written,
): Promise<Response> => {
  const { port } = server.address() as AddressInfo
  const sent = send({
    port,
    host: '127.0.0.1',
    method,
    path: target,
    headers: ['host', 'api.example', 'content-length', '0', ...headers],
  }).end()
  const [incoming] = (await once(sent, 'response')) as [IncomingMessage]
  const body = Buffer.concat((await incoming.toArray()) as Buffer[])
  const { statusCode: status = 0, rawHeaders } = incoming
  const answered = new Headers()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    answered.append(String(rawHeaders[i]), String(rawHeaders[i + 1]))
  }
  for (const name of OF_THE_SERVER) answered.delete(name)
  return new Response(body, { status, headers: answered })
}

// One server process: opens, listens, and ends in good order.
import { randomBytes } from 'node:crypto'
import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createApp } from '../app.ts'
import { auditToLog } from '../audit.ts'
import type { Config } from '../config.ts'
import {
  CONNECTIONS_CHECK_MS,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  MAX_FORM_BYTES,
  REQUEST_TIMEOUT_MS,
  SHUTDOWN_TIMEOUT_MS,
} from '../constants.ts'
import { StartRefused } from '../errors.ts'
import type { Log } from '../log.ts'
import { createClientAddress } from './client-address.ts'
import { createMetrics } from './metrics.ts'
import { openLatchkey } from './open.ts'
import { createQuota } from './quota.ts'

export type Running = {
  address: AddressInfo
  /** Stops accepting, finishes what runs, closes the database. */
  close(): Promise<void>
}

/** @throws StartRefused with one line for the operator */
export const startServer = async (config: Config, log: Log): Promise<Running> => {
  const clock = Date.now
  const clientAddress = createClientAddress(config.trustedProxies)
  const { store, signer } = await openLatchkey(config, clock)
  const app = createApp({
    store,
    signer,
    log,
    audit: auditToLog(log),
    clock,
    random: randomBytes,
    issuer: config.issuer,
    tokenTtlSeconds: config.tokenTtlSeconds,
    quota: createQuota(config.workers),
    clientAddress,
    metrics: createMetrics(),
    metricsToken: config.metricsToken,
  })
  const server = createHttpServer(getRequestListener(app.fetch))
  try {
    await listen(server, config)
  } catch (error) {
    await store.close()
    throw error
  }
  const address = server.address() as AddressInfo
  const { pid } = process
  log.info(
    { address: address.address, port: address.port, issuer: config.issuer, pid },
    'listening',
  )
  return {
    address,
    async close() {
      await drain(server)
      await store.close()
      log.info({}, 'stopped')
    },
  }
}

const createHttpServer = (listener: RequestListener): Server => {
  const limits = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
  }
  const server = createServer(limits, listener)
  return server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // RFC 9110 §10.1.1: whoever asks before sending a body that is too long need not send it.
    if (!isTooLong(request)) response.writeContinue()
    listener(request, response)
  })
}

const isTooLong = ({ headers }: IncomingMessage): boolean =>
  Number(headers['content-length'] ?? 0) > MAX_FORM_BYTES

const listen = (server: Server, { host, port }: Config): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new StartRefused(`cannot listen on ${host}:${port}: ${error.code}`))
    })
    server.listen(port, host, resolve)
  })

/** Waits for running requests, within limits; their connections are not used again. */
const drain = async (server: Server): Promise<void> => {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const idle = setInterval(() => server.closeIdleConnections(), 100)
  const limit = setTimeout(() => server.closeAllConnections(), SHUTDOWN_TIMEOUT_MS)
  await closed
  clearInterval(idle)
  clearTimeout(limit)
}

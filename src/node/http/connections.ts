// Open connections of a process. Each answers its requests one at a time (request-queue.ts), and the numbers of
// connections are limited.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  CONNECTIONS_CHECK_MS,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_ADDRESS,
} from '../../constants.ts'
import { networkOf, plainAddress } from '../../http/network.ts'
import type { IsTrusted } from './client-address.ts'
import { createInputBudget } from './input-budget.ts'
import { type RequestQueue, createRequestQueue } from './request-queue.ts'
import { createTurnScheduler } from './turn-scheduler.ts'

export type Connections = {
  /** Calls the listener for a request when those before it on the connection are answered. */
  inTurn(listener: RequestListener): RequestListener
  /** Returns the answer that is being sent on a connection. */
  answering(socket: object): ServerResponse | undefined
  /** Returns a signal that aborts when the client sends something behind this request: a held answer then ends. */
  followed(request: IncomingMessage): AbortSignal | undefined
}

/** Limits on open connections: of the process, and of one address. */
const LIMITS = { process: MAX_CONNECTIONS, address: MAX_CONNECTIONS_PER_ADDRESS }

/** @param isTrusted tells which addresses are proxies: they have no limit of their own */
export const createConnections = (
  server: Server,
  isTrusted: IsTrusted,
  limits: typeof LIMITS = LIMITS,
): Connections => {
  const open = new Map<object, RequestQueue>()
  const count = createAddressCounts()
  const scheduler = createTurnScheduler()
  const budget = createInputBudget()
  server.maxConnections = limits.process
  server.on('connection', (socket: Socket) => {
    const remote = plainAddress(socket.remoteAddress ?? '')
    const address = networkOf(remote)
    // Node removes its own listener from a socket that it hands over (CONNECT). An error without a listener ends the process.
    socket.on('error', () => {})
    socket.once('close', () => {
      open.get(socket)?.close()
      open.delete(socket)
      count(address, -1)
    })
    if (count(address, 1) > limits.address && !isTrusted(remote)) socket.destroy()
    else open.set(socket, createRequestQueue(socket, { server, scheduler, budget, address }))
  })
  const checking = setInterval(() => {
    for (const queue of open.values()) queue.checkReader(performance.now())
  }, CONNECTIONS_CHECK_MS).unref()
  server.once('close', () => clearInterval(checking))
  return {
    inTurn: (listener) => (request, response) =>
      open.get(request.socket)?.add({ request, response, listener }),
    answering: (socket) => open.get(socket)?.answering(),
    followed: ({ socket }) => open.get(socket)?.followed(),
  }
}

/** Counts open connections by address, and forgets an address without any. */
const createAddressCounts = () => {
  const counts = new Map<string, number>()
  return (address: string, step: number): number => {
    const sum = (counts.get(address) ?? 0) + step
    if (sum > 0) counts.set(address, sum)
    else counts.delete(address)
    return sum
  }
}

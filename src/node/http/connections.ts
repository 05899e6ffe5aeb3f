// The requests of one connection are answered one at a time. What is sent behind a request stays unparsed until
// its answer has been taken: a connection costs one request, one answer and one chunk of input.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  CONNECTIONS_CHECK_MS,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_ADDRESS,
  WRITE_TIMEOUT_MS,
} from '../../constants.ts'
import { networkOf, plainAddress } from '../../http/network.ts'
import { gatherChunks } from './body-chunks.ts'
import type { IsTrusted } from './client-address.ts'
import { createInput } from './input.ts'
import { type InputBudget, createInputBudget } from './input-budget.ts'
import { type Pace, createPace } from './pace.ts'

type Exchange = { request: IncomingMessage; response: ServerResponse; listener: RequestListener }

type Turns = {
  take(exchange: Exchange): void
  answering(): ServerResponse | undefined
  followed(): AbortSignal
  /** @param now monotonic, in milliseconds */
  checkReader(now: number): void
  /** Called when the socket is closed. */
  close(): void
}

export type Connections = {
  /** Calls the listener for a request once those before it on the connection are answered. */
  inTurn(listener: RequestListener): RequestListener
  /** The answer that is being given on a connection. */
  answering(socket: object): ServerResponse | undefined
  /** Aborted once something has been sent behind this request, which then should be held up no longer. */
  followed(request: IncomingMessage): AbortSignal | undefined
}

/** Open connections of a process, and of one address. */
const LIMITS = { process: MAX_CONNECTIONS, address: MAX_CONNECTIONS_PER_ADDRESS }

/** @param isTrusted names the proxies, which may have more connections than other addresses */
export const createConnections = (
  server: Server,
  isTrusted: IsTrusted,
  limits: typeof LIMITS = LIMITS,
): Connections => {
  const open = new Map<object, Turns>()
  const ofAddress = new Map<string, number>()
  const pace = createPace()
  const budget = createInputBudget()
  const count = (address: string, step: number): number => {
    const sum = (ofAddress.get(address) ?? 0) + step
    if (sum > 0) ofAddress.set(address, sum)
    else ofAddress.delete(address)
    return sum
  }
  server.maxConnections = limits.process
  server.on('connection', (socket: Socket) => {
    const remote = plainAddress(socket.remoteAddress ?? '')
    const address = networkOf(remote)
    // Node takes its own listener off a socket that it hands over (CONNECT); an error without any ends the process.
    socket.on('error', () => {})
    socket.once('close', () => {
      open.get(socket)?.close()
      open.delete(socket)
      count(address, -1)
    })
    if (count(address, 1) > limits.address && !isTrusted(remote)) socket.destroy()
    else open.set(socket, createTurns(socket, { server, pace, budget, address }))
  })
  const checking = setInterval(() => {
    for (const turns of open.values()) turns.checkReader(performance.now())
  }, CONNECTIONS_CHECK_MS).unref()
  server.once('close', () => clearInterval(checking))
  return {
    inTurn: (listener) => (request, response) =>
      open.get(request.socket)?.take({ request, response, listener }),
    answering: (socket) => open.get(socket)?.answering(),
    followed: ({ socket }) => open.get(socket)?.followed(),
  }
}

/** `address` is the network of the other end. */
type Surroundings = { server: Server; pace: Pace; budget: InputBudget; address: string }

const createTurns = (socket: Socket, { server, pace, budget, address }: Surroundings): Turns => {
  let current: Exchange | undefined
  /** Requests whose heads came in one slice with the end of the body before them. */
  const parked: Exchange[] = []
  let newest: IncomingMessage | undefined
  let flushBody = (): void => {}
  const account = budget.open(address, () => socket.destroy())
  /** Bytes of input that are not parsed. */
  let waitingBytes = 0
  /** Bytes of the current request. */
  let requestBytes = 0
  let follower: AbortController | undefined
  const checkReader = createReaderCheck(socket)

  const hold = (): void => account.hold(waitingBytes + requestBytes)

  const input = createInput(socket, {
    // The body of the current request is parsed, and nothing behind it.
    mayParse: () => parked.length === 0 && current?.request.complete !== true,
    takesTurn: () => current === undefined,
    isInBody: () => newest?.complete === false,
    onParsed(bytes) {
      flushBody()
      if (current === undefined) return
      requestBytes += bytes
      if (!current.request.complete) hold()
    },
    onHeld(bytes) {
      waitingBytes = bytes
      hold()
    },
    onWaiting: () => follower?.abort(),
    pace,
    address,
  })
  const begin = (exchange: Exchange): void => {
    current = exchange
    follower = undefined
    exchange.response.once('close', end)
    exchange.listener(exchange.request, exchange.response)
  }
  /** Begins the oldest of them in a turn: its head took none. */
  const beginParked = (): void => {
    const start = (): void => {
      const next = parked.shift()
      if (next === undefined || !socket.writable) return
      begin(next)
      input.goOn()
    }
    if (pace.take()) start()
    else pace.wait(address, start)
  }
  const end = (): void => {
    current = undefined
    requestBytes = 0
    hold()
    if (!server.listening) socket.destroySoon()
    if (!socket.writable) return
    if (parked.length > 0) beginParked()
    else input.goOn()
  }
  return {
    take(exchange) {
      newest = exchange.request
      flushBody = gatherChunks(exchange.request)
      if (current === undefined && parked.length === 0) return begin(exchange)
      parked.push(exchange)
      follower?.abort()
    },
    answering: () => current?.response,
    followed() {
      follower ??= new AbortController()
      if (parked.length > 0 || socket.readableLength > 0) follower.abort()
      return follower.signal
    },
    checkReader,
    close() {
      waitingBytes = requestBytes = 0
      hold()
    },
  }
}

/** Ends a connection whose reader has taken nothing of an answer for the time limit. */
const createReaderCheck = (socket: Socket): Turns['checkReader'] => {
  let unsent = 0
  let since = 0
  return (now) => {
    const { writableLength } = socket
    if (unsent === 0 || writableLength < unsent) since = now
    unsent = writableLength
    if (unsent > 0 && now - since >= WRITE_TIMEOUT_MS) socket.destroy()
  }
}

// Requests of one connection, answered one at a time. Bytes behind a request are parsed after its answer has been read:
// a connection costs one request, one answer and one chunk of input.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { WRITE_TIMEOUT_MS } from '../../constants.ts'
import { gatherChunks } from './body-chunks.ts'
import type { InputAccount, InputBudget } from './input-budget.ts'
import { createInputGate } from './input-gate.ts'
import type { TurnScheduler } from './turn-scheduler.ts'

type Exchange = { request: IncomingMessage; response: ServerResponse; listener: RequestListener }

export type RequestQueue = {
  add(exchange: Exchange): void
  answering(): ServerResponse | undefined
  followed(): AbortSignal
  /** @param now monotonic, in milliseconds */
  checkReader(now: number): void
  /** Called when the socket is closed. */
  close(): void
}

/** `address` is the network of the client. */
type Surroundings = {
  server: Server
  scheduler: TurnScheduler
  budget: InputBudget
  address: string
}

export const createRequestQueue = (
  socket: Socket,
  { server, scheduler, budget, address }: Surroundings,
): RequestQueue => {
  let current: Exchange | undefined
  /** Requests whose heads came in one slice with the end of the body before them. */
  const parked: Exchange[] = []
  let newest: IncomingMessage | undefined
  let flushBody = (): void => {}
  const held = createHeldInput(budget.open(address, () => socket.destroy()))
  let follower: AbortController | undefined

  const gate = createInputGate(socket, {
    // The parser receives the body of the current request, and no request behind it.
    mayParse: () => parked.length === 0 && current?.request.complete !== true,
    needsTurn: () => current === undefined,
    isInBody: () => newest?.complete === false,
    onParsed(bytes) {
      flushBody()
      if (current !== undefined) held.addParsed(bytes, current.request.complete)
    },
    onHeld: held.setUnparsed,
    onWaiting: () => follower?.abort(),
    scheduler,
    address,
  })
  const begin = (exchange: Exchange): void => {
    current = exchange
    follower = undefined
    exchange.response.once('close', end)
    exchange.listener(exchange.request, exchange.response)
  }
  /** Begins the oldest parked request in a turn, because its head has used none. */
  const beginParked = (): void => {
    const start = (): void => {
      const next = parked.shift()
      if (next === undefined || !socket.writable) return
      begin(next)
      gate.resume()
    }
    if (scheduler.take()) start()
    else scheduler.wait(address, start)
  }
  const end = (): void => {
    current = undefined
    held.endRequest()
    if (!server.listening) socket.destroySoon()
    if (!socket.writable) return
    if (parked.length > 0) beginParked()
    else gate.resume()
  }
  return {
    add(exchange) {
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
    checkReader: createReaderCheck(socket),
    close: held.release,
  }
}

/** Counts the input that a connection holds, and reports it to the account. */
const createHeldInput = (account: InputAccount) => {
  let unparsed = 0
  /** Bytes of the current request. */
  let ofRequest = 0
  const report = (): void => account.hold(unparsed + ofRequest)
  return {
    setUnparsed(bytes: number): void {
      unparsed = bytes
      report()
    },
    addParsed(bytes: number, isComplete: boolean): void {
      ofRequest += bytes
      if (!isComplete) report()
    },
    endRequest(): void {
      ofRequest = 0
      report()
    },
    release(): void {
      unparsed = 0
      ofRequest = 0
      report()
    },
  }
}

/** Ends a connection whose client has read nothing of an answer for WRITE_TIMEOUT_MS. */
const createReaderCheck = (socket: Socket): RequestQueue['checkReader'] => {
  let unsent = 0
  let since = 0
  return (now) => {
    const { writableLength } = socket
    if (unsent === 0 || writableLength < unsent) since = now
    unsent = writableLength
    if (unsent > 0 && now - since >= WRITE_TIMEOUT_MS) socket.destroy()
  }
}

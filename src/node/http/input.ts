// The bytes of one connection on their way to the HTTP parser of Node, one request head at a time. The parser
// itself reads a whole chunk: 2,000 requests in 64 KiB.
import type { Socket } from 'node:net'
import { MIN_BODY_SLICE_BYTES, PARSED_SLICE_BYTES } from '../../constants.ts'
import type { Pace } from './pace.ts'

export type Input = {
  /** Looks again whether bytes that wait may be parsed. */
  goOn(): void
}

type Gate = {
  /** Asked before each slice. */
  mayParse(): boolean
  /** True while no request is being answered: the slice begins one, or belongs to the body of a refused one. */
  takesTurn(): boolean
  /** True while the body of the newest request is unfinished. */
  isInBody(): boolean
  /** Called behind each slice, with its length. */
  onParsed(bytes: number): void
  /** Called behind each chunk of input, with the bytes of it that wait. */
  onHeld(bytes: number): void
  /** Called where bytes have to wait for an answer. */
  onWaiting(): void
  /** The process's one pace, which all connections share. */
  pace: Pace
  /** The other end of the connection. */
  address: string
}

/** Requests of live followers begin like this, and must not wait behind many others. */
const URGENT = ['/oauth/revocations', '/.well-known/jwks.json'].flatMap((path) => [
  `GET ${path} `,
  `GET ${path}?`,
])
const URGENT_BYTES = Math.max(...URGENT.map(({ length }) => length))

const isUrgent = (bytes: Buffer, at: number): boolean => {
  const line = bytes.toString('latin1', at, at + URGENT_BYTES)
  return URGENT.some((start) => line.startsWith(start))
}

/**
 * Takes the place of the listener with which `node:http` reads the socket. Bytes that may not be parsed yet go
 * back into the socket, which is paused, so the sender is held up by TCP.
 */
export const createInput = (
  socket: Socket,
  { mayParse, takesTurn, isInBody, onParsed, onHeld, onWaiting, pace, address }: Gate,
): Input => {
  const parsers = socket.listeners('data') as ((bytes: Buffer) => void)[]
  socket.removeAllListeners('data')
  /** Paused here, and not by `node:http`, which pauses and resumes by itself while a body is read slowly. */
  let held = false
  let turn: 'none' | 'waiting' | 'come' = 'none'
  /** The turn of the event loop in which an urgent request has begun: those pipelined behind it take turns like others. */
  let urgentIn = -1
  /** The parser is in the middle of a request head. */
  let inHead = false

  /** True for the first urgent request in a turn of the event loop, and for some slices of bodies. */
  const needsNoTurn = (bytes: Buffer, at: number): boolean => {
    if (!takesTurn()) return pace.takeBody()
    if (urgentIn === pace.turn() || !isUrgent(bytes, at)) return false
    urgentIn = pace.turn()
    return true
  }

  const mayParseNow = (bytes: Buffer, at: number): boolean => {
    if (!mayParse()) return false
    if (turn === 'waiting') return false
    if (turn === 'come') {
      turn = 'none'
      return true
    }
    if (needsNoTurn(bytes, at) || pace.take()) return true
    turn = 'waiting'
    pace.wait(address, () => {
      turn = 'come'
      goOn()
    })
    return false
  }

  const goOn = (): void => {
    if (held && turn !== 'waiting' && mayParse()) socket.resume()
  }

  /** Skips the empty lines before a request line (RFC 9112 §2.2), all in one step. */
  const skipEmptyLines = (bytes: Buffer, at: number): number => {
    if (inHead || isInBody()) return at
    let next = at
    while (bytes[next] === CR || bytes[next] === LF) next += 1
    return next
  }

  /** @returns how many bytes were parsed */
  const parse = (bytes: Buffer): number => {
    let at = skipEmptyLines(bytes, 0)
    while (at < bytes.length && !socket.isPaused() && mayParseNow(bytes, at)) {
      const { end, isWhole } = endOfSlice(bytes, at, isInBody() ? MIN_BODY_SLICE_BYTES : 0)
      for (const parser of parsers) parser.call(socket, bytes.subarray(at, end))
      inHead = !isWhole && !isInBody()
      onParsed(end - at)
      if (!socket.writable) return bytes.length // refused, or gone: the rest is of no use
      at = skipEmptyLines(bytes, end)
    }
    return at
  }

  socket.on('data', (bytes: Buffer) => {
    held = false
    const parsed = parse(bytes)
    if (parsed === bytes.length) return onHeld(0)
    if (!socket.isPaused()) {
      socket.pause()
      held = true
    }
    socket.unshift(bytes.subarray(parsed))
    onHeld(bytes.length - parsed)
    if (turn !== 'waiting') onWaiting()
  })
  return { goOn }
}

const CR = 0x0d
const LF = 0x0a
const EMPTY_LINE = '\r\n\r\n'

/** A slice ends behind an empty line, with which a request head ends. Long heads and bodies come in several slices. */
const endOfSlice = (
  bytes: Buffer,
  start: number,
  least: number,
): { end: number; isWhole: boolean } => {
  const limit = Math.min(bytes.length, start + PARSED_SLICE_BYTES)
  const from = start + Math.max(0, least - EMPTY_LINE.length)
  const emptyLine = bytes.subarray(from, limit).indexOf(EMPTY_LINE)
  return emptyLine === -1
    ? { end: limit, isWhole: false }
    : { end: from + emptyLine + EMPTY_LINE.length, isWhole: true }
}

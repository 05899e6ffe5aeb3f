// The bytes of one connection on their way to the HTTP parser of Node, one request head at a time. The parser
// itself reads a whole chunk: 2,000 requests in 64 KiB.
import type { Socket } from 'node:net'
import { PARSED_SLICE_BYTES } from '../constants.ts'
import type { Pace } from './pace.ts'

export type Input = {
  /** Looks again whether bytes that wait may be parsed. */
  goOn(): void
}

type Gate = {
  /** Asked before each slice. */
  mayParse(): boolean
  /** Asked behind `mayParse`: whether the slice would begin a request. */
  isBeginning(): boolean
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
  { mayParse, isBeginning, onWaiting, pace, address }: Gate,
): Input => {
  const parsers = socket.listeners('data') as ((bytes: Buffer) => void)[]
  socket.removeAllListeners('data')
  /** Paused here, and not by `node:http`, which pauses and resumes by itself while a body is read slowly. */
  let held = false
  let turn: 'none' | 'waiting' | 'come' = 'none'
  /** An urgent request has begun in this turn of the event loop: those pipelined behind it take turns like others. */
  let hadUrgent = false

  /** The rest of a request that has begun needs no turn, nor does the first urgent one. */
  const needsNoTurn = (bytes: Buffer, at: number): boolean => {
    if (!isBeginning()) return true
    if (hadUrgent || !isUrgent(bytes, at)) return false
    hadUrgent = true
    setImmediate(() => (hadUrgent = false))
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

  /** @returns how many bytes were parsed */
  const parse = (bytes: Buffer): number => {
    let at = 0
    while (at < bytes.length && !socket.isPaused() && mayParseNow(bytes, at)) {
      const end = endOfSlice(bytes, at)
      for (const parser of parsers) parser.call(socket, bytes.subarray(at, end))
      at = end
      if (!socket.writable) return bytes.length // refused, or gone: the rest is of no use
    }
    return at
  }

  socket.on('data', (bytes: Buffer) => {
    held = false
    const parsed = parse(bytes)
    if (parsed === bytes.length) return
    if (!socket.isPaused()) {
      socket.pause()
      held = true
    }
    socket.unshift(bytes.subarray(parsed))
    if (turn !== 'waiting') onWaiting()
  })
  return { goOn }
}

/** Behind the next empty line, with which a request head ends. Long heads and bodies come in several slices. */
const endOfSlice = (bytes: Buffer, start: number): number => {
  const limit = Math.min(bytes.length, start + PARSED_SLICE_BYTES)
  const emptyLine = bytes.subarray(start, limit).indexOf('\r\n\r\n')
  return emptyLine === -1 ? limit : start + emptyLine + 4
}

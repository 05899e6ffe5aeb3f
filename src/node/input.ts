// The bytes of one connection on their way to the HTTP parser of Node, one request head at a time. The parser
// itself reads a whole chunk: 2,000 requests in 64 KiB.
import type { Socket } from 'node:net'
import { PARSED_SLICE_BYTES } from '../constants.ts'

export type Input = {
  /** Looks again whether bytes that wait may be parsed. */
  goOn(): void
}

type Gate = {
  /** Asked before each slice. */
  mayParse(): boolean
  /** Called where bytes have to wait. */
  onWaiting(): void
}

/**
 * Takes the place of the listener with which `node:http` reads the socket. Bytes that may not be parsed yet go
 * back into the socket, which is paused, so the sender is held up by TCP.
 */
export const createInput = (socket: Socket, { mayParse, onWaiting }: Gate): Input => {
  const parsers = socket.listeners('data') as ((bytes: Buffer) => void)[]
  socket.removeAllListeners('data')
  /** Paused here, and not by `node:http`, which pauses and resumes by itself while a body is read slowly. */
  let held = false

  /** @returns how many bytes were parsed */
  const parse = (bytes: Buffer): number => {
    let at = 0
    while (at < bytes.length && !socket.isPaused() && mayParse()) {
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
    onWaiting()
  })
  return {
    goOn() {
      if (held && mayParse()) socket.resume()
    },
  }
}

/** Behind the next empty line, with which a request head ends. Long heads and bodies come in several slices. */
const endOfSlice = (bytes: Buffer, start: number): number => {
  const limit = Math.min(bytes.length, start + PARSED_SLICE_BYTES)
  const emptyLine = bytes.subarray(start, limit).indexOf('\r\n\r\n')
  return emptyLine === -1 ? limit : start + emptyLine + 4
}

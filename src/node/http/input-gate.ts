// Gate between the socket of a connection and the HTTP parser of Node: it lets one request head through at a time. The
// parser itself reads a whole chunk, which may be 2,000 requests in 64 KiB.
import type { Socket } from 'node:net'
import { MIN_BODY_SLICE_BYTES } from '../../constants.ts'
import { afterEmptyLines, endOfSlice, isUrgent } from './input-slices.ts'
import type { TurnScheduler } from './turn-scheduler.ts'

export type InputGate = {
  /** Reads on if bytes that wait may be parsed now. */
  resume(): void
}

type Options = {
  /** Called before each slice. */
  mayParse(): boolean
  /** Returns true while no request is being answered: the slice begins one, or belongs to the body of a refused one. */
  needsTurn(): boolean
  /** Returns true while the body of the newest request is unfinished. */
  isInBody(): boolean
  /** Called behind each slice, with its length. */
  onParsed(bytes: number): void
  /** Called behind each chunk of input, with the number of its bytes that wait. */
  onHeld(bytes: number): void
  /** Called when bytes have to wait for an answer. */
  onWaiting(): void
  /** Shared by all connections of the process. */
  scheduler: TurnScheduler
  /** Network of the client. */
  address: string
}

/**
 * Replaces the listener with which `node:http` reads the socket. Bytes that may not be parsed yet go back into the
 * socket, which is paused, so TCP holds up the sender.
 */
export const createInputGate = (socket: Socket, options: Options): InputGate => {
  const { mayParse, isInBody, onParsed, onHeld, onWaiting } = options
  const parsers = socket.listeners('data') as ((bytes: Buffer) => void)[]
  socket.removeAllListeners('data')
  /** Paused by the gate. `node:http` pauses and resumes the socket as well, while a body is read slowly. */
  let paused = false
  /** The parser is in the middle of a request head. */
  let inHead = false

  const resume = (): void => {
    if (paused && !turn.isAwaited() && mayParse()) socket.resume()
  }
  const turn = createTurn(options, resume)

  const skipEmptyLines = (bytes: Buffer, at: number): number => {
    if (inHead || isInBody()) return at
    return afterEmptyLines(bytes, at)
  }

  /** Returns the number of bytes that were parsed. */
  const parse = (bytes: Buffer): number => {
    let at = skipEmptyLines(bytes, 0)
    while (at < bytes.length && !socket.isPaused() && mayParse() && turn.take(bytes, at)) {
      const { end, isWhole } = endOfSlice(bytes, at, isInBody() ? MIN_BODY_SLICE_BYTES : 0)
      for (const parser of parsers) parser.call(socket, bytes.subarray(at, end))
      inHead = !isWhole && !isInBody()
      onParsed(end - at)
      if (!socket.writable) return bytes.length // the connection is refused or closed: the rest is dropped
      at = skipEmptyLines(bytes, end)
    }
    return at
  }

  socket.on('data', (bytes: Buffer) => {
    paused = false
    const parsed = parse(bytes)
    if (parsed === bytes.length) return onHeld(0)
    if (!socket.isPaused()) {
      socket.pause()
      paused = true
    }
    socket.unshift(bytes.subarray(parsed))
    onHeld(bytes.length - parsed)
    if (!turn.isAwaited()) onWaiting()
  })
  return { resume }
}

/** Decides when the next slice of a connection may be parsed. */
const createTurn = (
  { needsTurn, scheduler, address }: Pick<Options, 'needsTurn' | 'scheduler' | 'address'>,
  resume: () => void,
) => {
  let state: 'none' | 'awaited' | 'come' = 'none'
  /** Turn in which an urgent request began. Requests pipelined behind it take turns like all others. */
  let urgentIn = -1

  /** Returns true for the first urgent request in a turn, and for some slices of bodies. */
  const isFree = (bytes: Buffer, at: number): boolean => {
    if (!needsTurn()) return scheduler.takeBody()
    if (urgentIn === scheduler.turn() || !isUrgent(bytes, at)) return false
    urgentIn = scheduler.turn()
    return true
  }

  return {
    isAwaited: () => state === 'awaited',
    /** Returns whether the slice at `at` may be parsed now. If not, calls `resume` when its turn has come. */
    take(bytes: Buffer, at: number): boolean {
      if (state === 'awaited') return false
      if (state === 'come') {
        state = 'none'
        return true
      }
      if (isFree(bytes, at) || scheduler.take()) return true
      state = 'awaited'
      scheduler.wait(address, () => {
        state = 'come'
        resume()
      })
      return false
    },
  }
}

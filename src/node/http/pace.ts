// Divides the time of the process between what followers ask for and everything else.
//
// The event loop reads all sockets that have input before it looks for new input. 60 connections that ask at the same
// time would therefore be answered before a follower that asks a moment later. Most requests are begun a few at a
// time, and the sockets are looked at in between.
import { BODY_SLICES_PER_TURN, MAX_TURN_MS, REQUESTS_PER_TURN } from '../../constants.ts'

export type Pace = {
  /** Takes one request of this turn of the event loop. @returns false if the turn has none left, or others wait */
  take(): boolean
  /** Takes one slice of a body that is not the beginning of a request. @returns false if the turn has none left */
  takeBody(): boolean
  /** The number of this turn of the event loop, or of several in which nothing was taken. */
  turn(): number
  /** Calls `start` in a later turn: the addresses one after the other, each in the order of its calls. */
  wait(address: string, start: () => void): void
}

export const createPace = (perTurn = REQUESTS_PER_TURN): Pace => {
  /** In the order in which their turn comes. */
  const waiting = new Map<string, (() => void)[]>()
  let left = perTurn
  let bodiesLeft = BODY_SLICES_PER_TURN
  let turn = 0
  let turnBegan = 0
  let inTurn = false

  const isOver = (): boolean => left <= 0 || performance.now() - turnBegan > MAX_TURN_MS

  const next = (): void => {
    if (isOver()) return
    const [first] = waiting
    if (first === undefined) return
    const [address, starts] = first
    const start = starts.shift()
    waiting.delete(address)
    if (starts.length > 0) waiting.set(address, starts)
    left -= 1
    start?.()
  }
  /** Each start is an immediate of its own, so that what it has begun goes on before the next start. */
  const nextTurn = (): void => {
    left = perTurn
    bodiesLeft = BODY_SLICES_PER_TURN
    turn += 1
    turnBegan = performance.now()
    inTurn = waiting.size > 0
    if (!inTurn) return
    for (let i = 0; i < perTurn; i += 1) setImmediate(next)
    setImmediate(nextTurn)
  }
  const begin = (): void => {
    if (inTurn) return
    inTurn = true
    turnBegan = performance.now()
    setImmediate(nextTurn)
  }

  return {
    take() {
      begin()
      if (isOver() || waiting.size > 0) return false
      left -= 1
      return true
    },
    takeBody() {
      begin()
      bodiesLeft -= 1
      return bodiesLeft >= 0
    },
    turn() {
      begin()
      return turn
    },
    wait(address, start) {
      const starts = waiting.get(address)
      if (starts === undefined) waiting.set(address, [start])
      else starts.push(start)
      begin()
    },
  }
}

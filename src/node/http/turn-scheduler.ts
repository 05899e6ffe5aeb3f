// Divides the time of the process between followers' requests and all others.
//
// The event loop reads all sockets that have input before it looks for new input: 60 connections with a request each
// would be answered before a follower that sends one a moment later. Most requests therefore begin a few at a time, and
// the event loop looks at the sockets in between.
import { BODY_SLICES_PER_TURN, MAX_TURN_MS, REQUESTS_PER_TURN } from '../../constants.ts'

export type TurnScheduler = {
  /** Takes one request of this turn of the event loop. Returns false if the turn has none left, or others wait. */
  take(): boolean
  /** Takes one slice of a body that is not the beginning of a request. Returns false if the turn has none left. */
  takeBody(): boolean
  /** Returns the number of this turn. Turns in which nothing is taken share one. */
  turn(): number
  /** Calls `start` in a later turn: one call of each address in rotation, in the order of an address's calls. */
  wait(address: string, start: () => void): void
}

export const createTurnScheduler = (perTurn = REQUESTS_PER_TURN): TurnScheduler => {
  /** Addresses in the order of their next turn. */
  const waiting = new Map<string, (() => void)[]>()
  let left = perTurn
  let bodiesLeft = BODY_SLICES_PER_TURN
  let turn = 0
  let turnBegan = 0
  let inTurn = false

  const isOver = (): boolean => left <= 0 || performance.now() - turnBegan > MAX_TURN_MS

  const startNext = (): void => {
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
  /** Gives each start an immediate of its own, so that the work of one continues before the next start. */
  const beginTurn = (): void => {
    left = perTurn
    bodiesLeft = BODY_SLICES_PER_TURN
    turn += 1
    turnBegan = performance.now()
    inTurn = waiting.size > 0
    if (!inTurn) return
    for (let i = 0; i < perTurn; i += 1) setImmediate(startNext)
    setImmediate(beginTurn)
  }
  const begin = (): void => {
    if (inTurn) return
    inTurn = true
    turnBegan = performance.now()
    setImmediate(beginTurn)
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

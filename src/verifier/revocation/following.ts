// How a follower keeps its list new: in the background, or on use. Types only.
import type { AbortFlag } from '../net/abort-flag.ts'

/** Lets work go on after the answer: `ctx.waitUntil` of the platform. */
export type WaitUntil = (promise: Promise<unknown>) => void

export type Following = {
  /** Waits where waiting helps; undefined where it would not. Never rejects. */
  current: (waitUntil: WaitUntil | undefined) => Promise<void> | undefined
  refreshed: () => Promise<void> | undefined
  /** Why nothing came the last time; null where something did. */
  lastFailure: () => unknown
  /** Settles when there is a list that is not too old, or nobody asks for one any more. Never rejects. */
  goodList: (ended: AbortFlag) => Promise<void>
  close: () => void
}

// The interface of both ways to keep the list new: in the background, and on use. Types only.
import type { AbortFlag } from '../net/abort-flag.ts'

/** Lets work continue after the response: `ctx.waitUntil` of the platform. */
export type WaitUntil = (promise: Promise<unknown>) => void

export type Following = {
  /**
   * Waits where a newer list may arrive; undefined where the copy is to be used at once. Never
   * rejects.
   */
  current: (waitUntil: WaitUntil | undefined) => Promise<void> | undefined
  /** Waits as `current` does, for a token that would otherwise be refused. Never rejects. */
  refreshed: () => Promise<void> | undefined
  /** Failure of the last request; null after a success. */
  lastFailure: () => unknown
  /**
   * Settles when the list is not stale, when `ended` is aborted, or after `close`. Never rejects.
   */
  goodList: (ended: AbortFlag) => Promise<void>
  close: () => void
}

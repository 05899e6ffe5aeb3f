// Follows the list where nothing runs between requests, as on Workers: each use sees to it that the list is new
// enough. What one request has begun no other may await, so they share what is known and never a promise.
import { catchUp } from './catch-up.ts'
import {
  CATCH_UP_MS,
  FRESH_LIST_MS,
  LIST_WAIT_MS,
  MAX_LIST_BACK_OFF_MS,
  MIN_LIST_BACK_OFF_MS,
  OTHERS_REFRESH_MS,
  OTHERS_REFRESH_STEP_MS,
  USABLE_LIST_MS,
} from './constants.ts'
import { createEnding } from './ending.ts'
import { withLimits } from './limits.ts'
import type { ListClient } from './list-client.ts'
import type { ListState } from './list-state.ts'
import { inTime } from './timeout.ts'
import { pause } from './timer.ts'
import { AnswerRefused } from './transport.ts'

/** Lets work go on after the answer: `ctx.waitUntil` of the platform. */
export type WaitUntil = (promise: Promise<unknown>) => void

type Parts = { client: ListClient; state: ListState; monotonic: () => number }

export type RefreshOnUse = {
  /** Sees to it that the list is as new as can be had; undefined where it is at once. Never rejects. */
  refresh(waitUntil: WaitUntil | undefined): Promise<void> | undefined
  /** Why the last refresh has failed; null where it has not. */
  failure(): unknown
  /** Ends what is under way; nothing is begun any more. */
  close(): void
}

export const createRefreshOnUse = ({ client, state, monotonic }: Parts): RefreshOnUse => {
  const closing = createEnding()
  /** The refresh of now, and when something of it was last heard. */
  let running: { heardAt: number } | null = null
  let refreshedAt = -Infinity
  let failures = 0
  let failure: unknown = null
  let notBefore = -Infinity

  /** Since it was asked for: an issuer shares one signature for some seconds, and leaves out no rule. */
  const ageMs = (): number => (state.isStale() ? Infinity : monotonic() - refreshedAt)
  /** One that nothing has been heard of for long may have ended with its request. */
  const othersRun = (): boolean =>
    running !== null && monotonic() - running.heardAt < OTHERS_REFRESH_MS
  const mayBegin = (): boolean => !closing.aborted && !othersRun() && monotonic() >= notBefore

  const backOff = (error?: unknown): void => {
    const asked = error instanceof AnswerRefused ? error.retryAfterMs : 0
    const wait = Math.max(MIN_LIST_BACK_OFF_MS * 2 ** failures, asked)
    notBefore = monotonic() + Math.min(wait, MAX_LIST_BACK_OFF_MS)
  }

  const succeed = (began: number): void => {
    refreshedAt = Math.max(refreshedAt, began)
    failures = 0
    failure = null
    notBefore = -Infinity
  }

  const refresh = async (): Promise<void> => {
    const began = monotonic()
    const mine = (running = { heardAt: began })
    // Counted before the attempt: one that hangs, or dies with its request, has failed as well.
    failures += 1
    backOff()
    /** One that was given up ends with its page: another has begun, and goes on from there. */
    const onPage = (): boolean => {
      mine.heardAt = monotonic()
      return mine === running
    }
    const parts = { client, state, onPage }
    const ask = (ended: AbortSignal) => catchUp({ ...parts, signal: ended })
    try {
      await withLimits(ask, { timeoutMs: CATCH_UP_MS, signal: closing }, 'the list takes too long')
      if (mine === running) succeed(began)
    } catch (error) {
      if (mine !== running) return
      backOff(error)
      failure = error
    } finally {
      if (mine === running) running = null
    }
  }

  const awaitOthers = async (): Promise<void> => {
    for (let waited = 0; othersRun() && waited < LIST_WAIT_MS && !closing.aborted;) {
      await pause(OTHERS_REFRESH_STEP_MS)
      waited += OTHERS_REFRESH_STEP_MS
    }
  }

  const waitForRefresh = async (waitUntil: WaitUntil | undefined): Promise<void> => {
    await awaitOthers()
    const newEnough = waitUntil === undefined ? FRESH_LIST_MS : USABLE_LIST_MS
    if (ageMs() < newEnough || !mayBegin()) return
    const refreshed = refresh()
    waitUntil?.(refreshed)
    await inTime(refreshed, LIST_WAIT_MS, () => undefined)
  }

  return {
    refresh(waitUntil) {
      if (closing.aborted || ageMs() < FRESH_LIST_MS) return undefined
      if (waitUntil === undefined || ageMs() >= USABLE_LIST_MS) return waitForRefresh(waitUntil)
      if (mayBegin()) waitUntil(refresh())
      return undefined
    },
    failure: () => failure,
    close: closing.abort,
  }
}

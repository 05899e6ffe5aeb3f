// Follows the list where nothing runs between requests, as on Workers: each use sees to it that the list is new
// enough. On Workers a request cannot await what another has begun, so requests share what is known and no promise.
import { catchUp } from './catch-up.ts'
import { type Clocks, createLook } from '../net/clocks.ts'
import {
  CATCH_UP_MS,
  FRESH_LIST_MS,
  LIST_WAIT_MS,
  MAX_LIST_BACK_OFF_MS,
  MIN_LIST_BACK_OFF_MS,
  OTHERS_REFRESH_MS,
  OTHERS_REFRESH_STEP_MS,
  PROBE_WAIT_MS,
  STALE_WAIT_MS,
  USABLE_LIST_MS,
} from '../constants.ts'
import { createAbortFlag } from '../net/abort-flag.ts'
import type { Reporter } from '../events.ts'
import type { WaitUntil } from './following.ts'
import { ListUntimely } from './issuer-clock.ts'
import { withDeadline } from '../net/deadline.ts'
import type { ListClient } from './list-client.ts'
import type { ListState } from './list-state.ts'
import { createPatience } from './patience.ts'
import { endsWithRequest } from '../net/platform.ts'
import { inTime } from '../net/in-time.ts'
import { holding, pause } from '../net/timers.ts'
import { AnswerRefused } from '../net/get-bytes.ts'

type Parts = Clocks & { client: ListClient; state: ListState; report: Reporter }

export type RefreshOnUse = {
  /** Sees to it that the list is as new as can be had; undefined where it is at once. Never rejects. */
  refresh(waitUntil: WaitUntil | undefined): Promise<void> | undefined
  /** Why the last refresh has failed; null where it has not. */
  failure(): unknown
  /** Ends what is under way; nothing is begun any more. */
  close(): void
  closed(): boolean
}

/** One refresh: when something of it was last heard, and whether a page has come. */
type Run = { heardAt: number; progresses: boolean }

export const createRefreshOnUse = (parts: Parts): RefreshOnUse => {
  const { client, state, clock, monotonic, report } = parts
  const closing = createAbortFlag()
  const haveRunApart = createLook({ clock, monotonic })
  const patience = { stale: createPatience(monotonic), usable: createPatience(monotonic) }
  let running: Run | null = null
  let refreshedAt = -Infinity
  let failures = 0
  let failure: unknown = null
  let notBefore = -Infinity

  /** Since it was asked for: an issuer shares one signature for some seconds, and leaves out no rule. */
  const ageMs = (): number => (state.isStale() ? Infinity : monotonic() - refreshedAt)
  /** A refresh that nothing has been heard of for long may have ended with its request. */
  const isAlive = (run: Run | null): run is Run =>
    run !== null && monotonic() - run.heardAt < OTHERS_REFRESH_MS
  const mayBegin = (): boolean => !closing.aborted && !isAlive(running) && monotonic() >= notBefore

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
    patience.usable.renew()
    patience.stale.renew()
  }

  const refresh = async (): Promise<void> => {
    const began = monotonic()
    const mine: Run = (running = { heardAt: began, progresses: false })
    // Counted before the attempt: one that hangs, or dies with its request, has failed as well.
    failures += 1
    backOff()
    /** A refresh that was given up ends with its page: another has begun, and goes on from there. */
    const onPage = (): boolean => {
      Object.assign(mine, { heardAt: monotonic(), progresses: true })
      return mine === running
    }
    const ask = async (signal: AbortSignal): Promise<void> => {
      const again = (error: unknown): Promise<void> => {
        if (error instanceof ListUntimely) return catchUp({ client, state, onPage, signal }) // the whole list
        throw error
      }
      await catchUp({ client, state, onPage, signal }).catch(again)
    }
    try {
      await withDeadline(
        ask,
        { timeoutMs: CATCH_UP_MS, signal: closing },
        'the list takes too long',
      )
      if (mine === running) succeed(began)
    } catch (error) {
      if (mine !== running) return
      backOff(error)
      failure = error
      if (!closing.aborted) report.listFailed(error)
    } finally {
      if (mine === running) running = null
    }
  }

  /** @returns whether it has ended in that time */
  const begin = async (waitUntil: WaitUntil | undefined, ms: number): Promise<boolean> => {
    const refreshed = refresh()
    waitUntil?.(refreshed)
    // Without `waitUntil` it would end with this request, and nobody would ever have a list again.
    const dies = waitUntil === undefined && endsWithRequest()
    const waitMs = Math.max(ms, dies ? STALE_WAIT_MS : PROBE_WAIT_MS)
    const ended = refreshed.then(() => true)
    return await inTime(ended, waitMs, () => false)
  }

  /** Waits while pages come, and otherwise once for each outage: for long only where the list cannot be used. */
  const waitForRefresh = async (waitUntil: WaitUntil | undefined): Promise<void> => {
    const newEnough = waitUntil === undefined ? FRESH_LIST_MS : USABLE_LIST_MS
    const patient = state.isStale() ? patience.stale : patience.usable
    let left = patient.left(state.known() === null ? LIST_WAIT_MS : STALE_WAIT_MS)
    const couldWait = left > 0
    let [waited, unanswered] = [0, false]
    while (!closing.aborted && ageMs() >= newEnough) {
      const coming = isAlive(running) && running.progresses && waited < LIST_WAIT_MS
      if (!coming && unanswered) break
      if (!coming && mayBegin()) {
        const began = monotonic()
        unanswered = !(await begin(waitUntil, left))
        left = unanswered ? 0 : left - (monotonic() - began)
        if (!unanswered && !state.isStale()) break
      } else {
        if (!coming && (left <= 0 || !(isAlive(running) || state.isStale()))) break
        await pause(OTHERS_REFRESH_STEP_MS, closing, holding)
        left -= OTHERS_REFRESH_STEP_MS
        waited += OTHERS_REFRESH_STEP_MS
      }
    }
    if (couldWait && left <= 0) patient.exhaust()
  }

  return {
    refresh(waitUntil) {
      if (closing.aborted) return undefined
      if (haveRunApart()) refreshedAt = -Infinity // what was asked for before a suspension is old
      if (ageMs() < FRESH_LIST_MS) return undefined
      if (waitUntil === undefined || ageMs() >= USABLE_LIST_MS) return waitForRefresh(waitUntil)
      if (mayBegin()) waitUntil(refresh())
      return undefined
    },
    failure: () => failure,
    close: closing.abort,
    closed: () => closing.aborted,
  }
}

// Follows the list where nothing runs between requests, as on Workers: each use of a token makes
// sure that the list is new enough. On Workers a request cannot await a promise of another request,
// so requests share state and no promises.
import {
  CATCH_UP_MS,
  FRESH_LIST_MS,
  LIST_WAIT_MS,
  REFRESH_STEP_MS,
  PROBE_WAIT_MS,
  STALE_WAIT_MS,
  USABLE_LIST_MS,
} from '../constants.ts'
import type { Reporter } from '../events.ts'
import { type AbortFlag, createAbortFlag } from '../net/abort-flag.ts'
import { type Clocks, createDivergenceCheck } from '../net/clocks.ts'
import { withDeadline } from '../net/deadline.ts'
import { AnswerRefused } from '../net/get-bytes.ts'
import { endsWithRequest } from '../net/platform.ts'
import { withTimeLimit } from '../net/time-limit.ts'
import { pause, refTimer } from '../net/timers.ts'
import { catchUp } from './catch-up.ts'
import type { WaitUntil } from './following.ts'
import { ListUntimely } from './issuer-clock.ts'
import type { ListClient } from './list-client.ts'
import type { ListState } from './list-state.ts'
import {
  NO_REFRESHES,
  type Refresh,
  type Refreshes,
  failed,
  isAlive,
  mayStart,
  started,
  succeeded,
} from './refreshes.ts'
import { type WaitBudget, createWaitBudget } from './wait-budget.ts'

type Options = Clocks & { client: ListClient; state: ListState; report: Reporter }

export type RefreshOnUse = {
  /**
   * Waits until the list is as new as possible; undefined where the copy is to be used at once.
   * Never rejects.
   */
  refresh(waitUntil: WaitUntil | undefined): Promise<void> | undefined
  /** Failure of the last refresh; null after a success. */
  failure(): unknown
  /** Aborts the refresh under way, and prevents further ones. */
  close(): void
  closed(): boolean
}

type Context = Omit<Options, 'clock'> & {
  readonly closing: AbortFlag
  /** Budgets for a stale list, and for one that may be used. */
  readonly budgets: { readonly stale: WaitBudget; readonly usable: WaitBudget }
  refreshes: Refreshes
}

export const createRefreshOnUse = (options: Options): RefreshOnUse => {
  const { client, state, clock, monotonic, report } = options
  const closing = createAbortFlag()
  const haveClocksDiverged = createDivergenceCheck({ clock, monotonic })
  const budgets = { stale: createWaitBudget(monotonic), usable: createWaitBudget(monotonic) }
  const refreshes = NO_REFRESHES
  const context: Context = { client, state, monotonic, report, closing, budgets, refreshes }
  return {
    refresh(waitUntil) {
      if (closing.aborted) return undefined
      // A list that was requested before a suspension is old.
      if (haveClocksDiverged()) context.refreshes = { ...context.refreshes, refreshedAt: -Infinity }
      const age = ageMs(context)
      if (age < FRESH_LIST_MS) return undefined
      if (waitUntil === undefined || age >= USABLE_LIST_MS) {
        return waitForRefresh(context, waitUntil)
      }
      if (mayRefresh(context)) waitUntil(refresh(context))
      return undefined
    },
    failure: () => context.refreshes.failure,
    close: closing.abort,
    closed: () => closing.aborted,
  }
}

/**
 * Milliseconds since the request for the copy: an issuer shares a signature for some seconds, and
 * omits no rule.
 */
const ageMs = ({ state, monotonic, refreshes }: Context): number =>
  state.isStale() ? Infinity : monotonic() - refreshes.refreshedAt

const mayRefresh = ({ closing, refreshes, monotonic }: Context): boolean =>
  !closing.aborted && mayStart(refreshes, monotonic())

const refresh = async (context: Context): Promise<void> => {
  const { closing, monotonic, report } = context
  const startedAt = monotonic()
  const own: Refresh = { heardAt: startedAt, hasPage: false }
  const isRunning = (): boolean => context.refreshes.running === own
  context.refreshes = started(context.refreshes, own)
  /**
   * A refresh that was given up ends with its page. Another one has begun, and continues from
   * there.
   */
  const onPage = (): boolean => {
    Object.assign(own, { heardAt: monotonic(), hasPage: true })
    return isRunning()
  }
  const limits = { timeoutMs: CATCH_UP_MS, signal: closing }
  try {
    await withDeadline(
      (signal) => fetchAll(context, signal, onPage),
      limits,
      'the list takes too long',
    )
    if (!isRunning()) return
    context.refreshes = succeeded(context.refreshes, startedAt)
    context.budgets.usable.reset()
    context.budgets.stale.reset()
  } catch (failure) {
    if (!isRunning()) return
    const retryAfterMs = failure instanceof AnswerRefused ? failure.retryAfterMs : 0
    context.refreshes = failed(context.refreshes, { failure, now: monotonic(), retryAfterMs })
    if (!closing.aborted) report.listFailed(failure)
  }
}

/** Fetches the whole list once where only the time of a page is refused. */
const fetchAll = async (
  { client, state }: Context,
  signal: AbortSignal,
  onPage: () => boolean,
): Promise<void> => {
  try {
    await catchUp({ client, state, onPage, signal })
  } catch (error) {
    if (!(error instanceof ListUntimely)) throw error
    await catchUp({ client, state, onPage, signal })
  }
}

/** @returns whether the refresh has ended within that time */
const refreshAndWait = async (
  context: Context,
  waitUntil: WaitUntil | undefined,
  ms: number,
): Promise<boolean> => {
  const refreshing = refresh(context)
  waitUntil?.(refreshing)
  // The refresh ends with this request without `waitUntil`, and the process would never have a
  // list.
  const dies = waitUntil === undefined && endsWithRequest()
  const limitMs = Math.max(ms, dies ? STALE_WAIT_MS : PROBE_WAIT_MS)
  const ended = refreshing.then(() => true)
  return await withTimeLimit(ended, limitMs, () => false)
}

/**
 * Waits while pages arrive, otherwise once for each outage, and long only where the list may not be
 * used.
 */
const waitForRefresh = async (
  context: Context,
  waitUntil: WaitUntil | undefined,
): Promise<void> => {
  const { state, closing, budgets, monotonic } = context
  const newEnoughMs = waitUntil === undefined ? FRESH_LIST_MS : USABLE_LIST_MS
  const budget = state.isStale() ? budgets.stale : budgets.usable
  let leftMs = budget.remaining(state.copy() === null ? LIST_WAIT_MS : STALE_WAIT_MS)
  const couldWait = leftMs > 0
  let waitedMs = 0
  let isUnanswered = false
  while (!closing.aborted && ageMs(context) >= newEnoughMs) {
    const { running } = context.refreshes
    const othersRuns = isAlive(running, monotonic())
    const pagesArrive = othersRuns && running.hasPage && waitedMs < LIST_WAIT_MS
    if (!pagesArrive && isUnanswered) break
    if (!pagesArrive && mayRefresh(context)) {
      const startedAt = monotonic()
      isUnanswered = !(await refreshAndWait(context, waitUntil, leftMs))
      leftMs = isUnanswered ? 0 : leftMs - (monotonic() - startedAt)
      if (!isUnanswered && !state.isStale()) break
    } else {
      if (!pagesArrive && (leftMs <= 0 || !(othersRuns || state.isStale()))) break
      await pause(REFRESH_STEP_MS, closing, refTimer)
      leftMs -= REFRESH_STEP_MS
      waitedMs += REFRESH_STEP_MS
    }
  }
  if (couldWait && leftMs <= 0) budget.exhaust()
}

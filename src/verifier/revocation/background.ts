// Decides when a token waits for the list while a loop polls for it in the background. Case 1:
// there is no good list, none yet or a stale one; tokens wait once for each outage. Case 2: this
// machine may have been suspended. On Linux the monotonic clock stops during suspension: the held
// request is dead, and the copy looks as new as before. A jump between the wall clock and the
// monotonic clock reveals it. The wall clock decides nothing else: setting it costs one request.
import { LIST_WAIT_MS, RESUMED_AGAIN_MS, RESUMED_WAIT_MS, STALE_WAIT_MS } from '../constants.ts'
import { type Clocks, createDivergenceCheck } from '../net/clocks.ts'
import { withTimeLimit } from '../net/time-limit.ts'
import type { Following } from './following.ts'
import type { ListClient } from './list-client.ts'
import type { ListState } from './list-state.ts'
import { startPollLoop } from './poll-loop.ts'
import { createWaitBudget } from './wait-budget.ts'

type Options = Clocks & {
  client: Pick<ListClient, 'step' | 'lastFailure'>
  state: ListState
}

/**
 * A suspension that was noticed: when, and the gate for tokens that wait for a list requested after
 * it.
 */
type Resumption = { readonly at: number; readonly answered: Gate }

export const followInBackground = ({ client, state, clock, monotonic }: Options): Following => {
  const controller = new AbortController()
  const { signal } = controller
  const startedAt = monotonic()
  const haveClocksDiverged = createDivergenceCheck({ clock, monotonic })
  const goodList = createGate()
  const budget = createWaitBudget(monotonic, () => loop.requestSoon())
  let resumed: Resumption | null = null

  const checkClocks = (): void => {
    if (!haveClocksDiverged() || signal.aborted) return
    // A wall clock that is set again and again must not abort every request.
    if (resumed !== null && monotonic() - resumed.at < RESUMED_AGAIN_MS) return
    resumed = { at: monotonic(), answered: resumed?.answered ?? createGate() }
    loop.requestNow()
  }

  const onAnswer = (isOutdated: boolean): void => {
    if (!state.isStale()) {
      budget.reset()
      goodList.open()
    }
    if (!isOutdated) {
      resumed?.answered.open()
      resumed = null
    }
    checkClocks()
  }

  const loop = startPollLoop({ client, monotonic, onAnswer, signal })

  const waitFor = (
    gate: Gate,
    ms: number,
    onTimeout = (): void => {},
  ): Promise<void> | undefined =>
    ms <= 0 || signal.aborted ? undefined : withTimeLimit(gate.opened(), ms, onTimeout)

  /**
   * The first list may take longer than later ones: process and issuer may have started together.
   */
  const waitForGoodList = (): Promise<void> | undefined => {
    const first = state.copy() === null ? LIST_WAIT_MS - (monotonic() - startedAt) : 0
    const ms = budget.remaining(Math.max(first, STALE_WAIT_MS))
    return waitFor(goodList, ms, budget.exhaust)
  }

  return {
    current() {
      if (state.copy() !== null) checkClocks()
      if (state.isStale()) return waitForGoodList()
      if (resumed === null) return undefined
      return waitFor(resumed.answered, RESUMED_WAIT_MS - (monotonic() - resumed.at))
    },
    refreshed: () => undefined, // the loop keeps the copy as new as possible
    lastFailure: client.lastFailure,
    async goodList() {
      if (!state.isStale() || signal.aborted) return
      loop.requestSoon()
      await goodList.opened()
    },
    close() {
      controller.abort()
      goodList.open()
      resumed?.answered.open()
    },
  }
}

type Gate = {
  /** Settles when the gate is opened next. */
  opened(): Promise<void>
  /** Lets all waiting tokens pass, and closes again. */
  open(): void
}

const createGate = (): Gate => {
  let open: () => void = () => {}
  let opened: Promise<void> | null = null
  return {
    opened: () => (opened ??= new Promise((resolve) => (open = resolve))),
    open() {
      open()
      opened = null
    },
  }
}

// Decides when a token waits for the list while it is followed in the background: while there is none that is good
// (none yet, or one too old), once for each outage; and after this machine may have been suspended. On Linux the
// monotonic clock stands still during suspension: the held request is dead, and what is known looks as new as before.
// The wall clock shows it, and decides nothing: a wall clock that was set costs one request.
import { startPollLoop } from './poll-loop.ts'
import { createLook } from '../net/clocks.ts'
import { LIST_WAIT_MS, STALE_WAIT_MS, WOKEN_AGAIN_MS, WOKEN_WAIT_MS } from '../constants.ts'
import type { Following } from './following.ts'
import type { ListClient } from './list-client.ts'
import type { ListState } from './list-state.ts'
import { createPatience } from './patience.ts'
import { inTime } from '../net/in-time.ts'

type Parts = {
  client: Pick<ListClient, 'step' | 'lastFailure'>
  state: ListState
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds that only ever grow. */
  monotonic: () => number
}

export const followInBackground = ({ client, state, clock, monotonic }: Parts): Following => {
  const { signal, abort } = stop()
  const startedAt = monotonic()
  const haveRunApart = createLook({ clock, monotonic })
  const good = createGate()
  const patience = createPatience(monotonic, () => background.hurry())
  let woken: { readonly at: number; readonly asked: ReturnType<typeof createGate> } | null = null

  const look = (): void => {
    if (!haveRunApart() || signal.aborted) return
    // A wall clock that is set all the time must not keep every request from being answered.
    if (woken !== null && monotonic() - woken.at < WOKEN_AGAIN_MS) return
    woken = { at: monotonic(), asked: woken?.asked ?? createGate() }
    background.askNow()
  }

  const onAnswer = (overtaken: boolean): void => {
    if (!state.isStale()) {
      patience.renew()
      good.open()
    }
    if (!overtaken) {
      woken?.asked.open()
      woken = null
    }
    look()
  }

  const background = startPollLoop({ client, monotonic, onAnswer, signal })

  const waitFor = (
    gate: ReturnType<typeof createGate>,
    ms: number,
    late = (): void => {},
  ): Promise<void> | undefined =>
    ms <= 0 || signal.aborted ? undefined : inTime(gate.opened(), ms, late)

  /** The first list takes longer than a newer one: process and issuer may have begun together. */
  const waitForGood = (): Promise<void> | undefined => {
    const first = state.known() === null ? LIST_WAIT_MS - (monotonic() - startedAt) : 0
    return waitFor(good, patience.left(Math.max(first, STALE_WAIT_MS)), patience.exhaust)
  }

  return {
    current() {
      if (state.known() !== null) look()
      if (state.isStale()) return waitForGood()
      if (woken === null) return undefined
      return waitFor(woken.asked, WOKEN_WAIT_MS - (monotonic() - woken.at))
    },
    refreshed: () => undefined, // it is as new as it gets
    lastFailure: client.lastFailure,
    async goodList() {
      if (!state.isStale() || signal.aborted) return
      background.hurry()
      await good.opened()
    },
    close() {
      abort()
      good.open()
      woken?.asked.open()
    },
  }
}

const stop = () => {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

/** Lets everyone pass who waits when it is opened, and then is closed again. */
const createGate = () => {
  let open: () => void = () => {}
  let opened: Promise<void> | null = null
  return {
    opened: (): Promise<void> => (opened ??= new Promise((resolve) => (open = resolve))),
    open: (): void => {
      open()
      opened = null
    },
  }
}

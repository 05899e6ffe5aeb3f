// What tokens wait for while the list is followed in the background: the first list, and after this machine may
// have slept the first that was asked for since. On Linux the monotonic clock stands still meanwhile, the held
// request is dead, and what is known looks as new as before. The wall clock tells, and decides nothing: where it
// has only been set, that costs one request.
import { followInBackground } from './background.ts'
import { CLOCKS_APART_MS, LIST_WAIT_MS, WOKEN_AGAIN_MS, WOKEN_WAIT_MS } from './constants.ts'
import type { Following } from './follower.ts'
import type { ListClient } from './list-client.ts'
import type { ListState } from './list-state.ts'
import { inTime } from './timeout.ts'

type Clocks = {
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds that only ever grow. */
  monotonic: () => number
}

type Parts = Clocks & { client: Pick<ListClient, 'step' | 'lastFailure'>; state: ListState }

export const inBackground = ({ client, state, clock, monotonic }: Parts): Following => {
  const { signal, abort } = stop()
  const startedAt = monotonic()
  const haveRunApart = createLook({ clock, monotonic })
  const good = createGate()
  let woken: { readonly at: number; readonly asked: ReturnType<typeof createGate> } | null = null

  const look = (): void => {
    if (!haveRunApart() || signal.aborted) return
    // A wall clock that is set all the time must not keep every request from being answered.
    if (woken !== null && monotonic() - woken.at < WOKEN_AGAIN_MS) return
    woken = { at: monotonic(), asked: woken?.asked ?? createGate() }
    background.askNow()
  }

  const onAnswer = (overtaken: boolean): void => {
    if (!state.isStale()) good.open()
    if (!overtaken) {
      woken?.asked.open()
      woken = null
    }
    look()
  }

  const background = followInBackground({ client, monotonic, onAnswer, signal })

  const waitFor = (gate: Promise<void>, ms: number): Promise<void> | undefined =>
    ms <= 0 || signal.aborted ? undefined : inTime(gate, ms, () => undefined)

  return {
    current() {
      if (state.known() === null) {
        return waitFor(good.opened(), LIST_WAIT_MS - (monotonic() - startedAt))
      }
      look()
      if (woken === null) return undefined
      return waitFor(woken.asked.opened(), WOKEN_WAIT_MS - (monotonic() - woken.at))
    },
    refreshed: () => undefined, // it is as new as it gets
    lastFailure: client.lastFailure,
    goodList: () => (state.isStale() && !signal.aborted ? good.opened() : Promise.resolve()),
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

/** Lets pass whoever waits when it is opened, and then waits anew. */
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

/** Whether the clocks have run apart since the last look. */
const createLook = ({ clock, monotonic }: Clocks) => {
  let before = clock() - monotonic()
  return (): boolean => {
    const apart = clock() - monotonic()
    const far = Math.abs(apart - before) > CLOCKS_APART_MS
    before = apart
    return far
  }
}

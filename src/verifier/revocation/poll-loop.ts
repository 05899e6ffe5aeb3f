// Polls for the list in a process that lives on between requests: one request after another, held
// by the issuer.
import {
  MAX_LIST_BACK_OFF_MS,
  MIN_LIST_BACK_OFF_MS,
  QUICK_ANSWER_MS,
  REQUEST_GIVEN_UP_MS,
  SHORT_OUTAGE_BACK_OFF_MS,
  SHORT_OUTAGE_MS,
} from '../constants.ts'
import { AnswerRefused } from '../net/get-bytes.ts'
import { pause } from '../net/timers.ts'
import { ListUntimely } from './issuer-clock.ts'
import type { ListClient } from './list-client.ts'

type Options = {
  client: Pick<ListClient, 'step'>
  monotonic: () => number
  /**
   * Called after each accepted last page. `isOutdated`: its request was sent before `requestNow`.
   */
  onAnswer: (isOutdated: boolean) => void
  signal: AbortSignal
}

export type PollLoop = {
  /** Aborts the request under way, or the pause before the next, and sends a request at once. */
  requestNow(): void
  /** Does as `requestNow`, unless a recent request is under way that the issuer answers at once. */
  requestSoon(): void
  /** Settles after the last request. Does not reject. */
  readonly ended: Promise<void>
}

/** Polls until the signal is aborted. */
export const startPollLoop = ({ client, monotonic, onAnswer, signal }: Options): PollLoop => {
  let round = new AbortController()
  /** Failures in a row, and when the first of them occurred. */
  let failures = 0
  let failingSince = 0
  /**
   * True if the issuer may hold the next answer: only after an accepted one. A held request is
   * silent for half a minute, and so is one to an issuer that cannot be reached, or through a proxy
   * that cuts long requests off.
   */
  let hold = false
  /** The request under way; null during a pause. */
  let request: { readonly sentAt: number; readonly held: boolean } | null = null
  signal.addEventListener('abort', () => round.abort())

  const poll = async (): Promise<void> => {
    const sentAt = monotonic()
    request = { sentAt, held: hold }
    const { news, more } = await client.step({ hold, signal: round.signal })
    request = null
    hold = !more && !round.signal.aborted
    failures = 0
    if (!more) onAnswer(round.signal.aborted)
    // An issuer over its limit holds no request, nor does a proxy that caches: do not poll in a
    // tight loop.
    const wasQuick = monotonic() - sentAt < QUICK_ANSWER_MS
    if (!news && (more || wasQuick)) await pause(jittered(QUICK_ANSWER_MS), round.signal)
  }

  const backOff = async (error: unknown): Promise<void> => {
    request = null
    hold = false
    if (round.signal.aborted) return
    if (failures++ === 0) failingSince = monotonic()
    await pause(backOffMs(failures, monotonic() - failingSince, error), round.signal)
  }

  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      round = new AbortController()
      await poll().catch(backOff)
    }
  }

  const requestNow = (): void => {
    hold = false
    round.abort()
  }

  return {
    ended: follow(),
    requestNow,
    requestSoon() {
      const isRecent = request !== null && monotonic() - request.sentAt < REQUEST_GIVEN_UP_MS
      if (!isRecent || request?.held === true) requestNow()
    },
  }
}

/**
 * Half of `ms` to one and a half: followers that were answered together must not return together.
 */
const jittered = (ms: number): number => ms * (0.5 + Math.random())

/** Full jitter; not before the issuer's `Retry-After`, up to a limit. */
const backOffMs = (failures: number, failingForMs: number, error: unknown): number => {
  // The issuer can be reached. The next request asks for the whole list, which may be accepted.
  if (error instanceof ListUntimely) return failures > 1 ? jittered(QUICK_ANSWER_MS) : 0
  const retryAfterMs = error instanceof AnswerRefused ? error.retryAfterMs : 0
  const cap = failingForMs < SHORT_OUTAGE_MS ? SHORT_OUTAGE_BACK_OFF_MS : MAX_LIST_BACK_OFF_MS
  const longest = Math.min(MIN_LIST_BACK_OFF_MS * 2 ** (failures - 1), cap)
  const wait = MIN_LIST_BACK_OFF_MS / 2 + Math.random() * (longest - MIN_LIST_BACK_OFF_MS / 2)
  return Math.max(wait, Math.min(retryAfterMs, MAX_LIST_BACK_OFF_MS))
}

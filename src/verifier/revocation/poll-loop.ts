// Follows the list where a process lives on between requests: one poll after the other, held by the issuer.
import {
  MAX_LIST_BACK_OFF_MS,
  MIN_LIST_BACK_OFF_MS,
  QUICK_ANSWER_MS,
  REQUEST_GIVEN_UP_MS,
  SHORT_OUTAGE_BACK_OFF_MS,
  SHORT_OUTAGE_MS,
} from '../constants.ts'
import { ListUntimely } from './issuer-clock.ts'
import type { ListClient } from './list-client.ts'
import { pause } from '../net/timers.ts'
import { AnswerRefused } from '../net/get-bytes.ts'

type Parts = {
  client: Pick<ListClient, 'step'>
  monotonic: () => number
  /** After each answer that was believed and was the last page. `overtaken`: it was asked for before `askNow`. */
  onAnswer: (overtaken: boolean) => void
  signal: AbortSignal
}

export type PollLoop = {
  /** Ends the request under way, or the wait for the next, and asks at once. */
  askNow(): void
  /** As `askNow`, unless a request is under way that asks for what is known by now and may still be answered. */
  hurry(): void
  /** Never rejects. */
  readonly ended: Promise<void>
}

/** Runs until the signal says otherwise. */
export const startPollLoop = (parts: Parts): PollLoop => {
  const { client, monotonic, onAnswer, signal } = parts
  let round = new AbortController()
  /** In a row, and since when. */
  let [failures, failingSince] = [0, 0]
  /**
   * Only where the answer before was believed: an answer that is held says for half a minute nothing, and so does
   * an issuer that cannot be reached, or a proxy that cuts what takes long.
   */
  let hold = false
  /** The request under way; null during a pause. */
  let asking: { readonly at: number; readonly held: boolean } | null = null
  signal.addEventListener('abort', () => round.abort())

  const askOnce = async (): Promise<void> => {
    const startedAt = monotonic()
    asking = { at: startedAt, held: hold }
    const { news, more } = await client.step({ hold, signal: round.signal })
    asking = null
    hold = !more && !round.signal.aborted
    failures = 0
    if (!more) onAnswer(round.signal.aborted)
    // Over its limit the issuer holds nobody, nor does a proxy that has cached: that must not become a spin.
    const quick = monotonic() - startedAt < QUICK_ANSWER_MS
    if (!news && (more || quick)) await pause(jittered(QUICK_ANSWER_MS), round.signal)
  }

  const afterFailure = async (error: unknown): Promise<void> => {
    asking = null
    hold = false
    if (round.signal.aborted) return
    if (failures++ === 0) failingSince = monotonic()
    await pause(backOffMs(failures, monotonic() - failingSince, error), round.signal)
  }

  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      round = new AbortController()
      await askOnce().catch(afterFailure)
    }
  }

  const askNow = (): void => {
    hold = false
    round.abort()
  }

  const ended = follow()
  return {
    askNow,
    hurry() {
      const young = asking !== null && monotonic() - asking.at < REQUEST_GIVEN_UP_MS
      if (!young || asking?.held === true) askNow()
    },
    ended,
  }
}

/** Half of it, up to one and a half: followers that were answered together do not come back together. */
const jittered = (ms: number): number => ms * (0.5 + Math.random())

/** Full jitter; no sooner than the issuer says, within reason. */
const backOffMs = (failures: number, failingForMs: number, error: unknown): number => {
  // The issuer can be reached. The next request asks for the whole list, which may be believed.
  if (error instanceof ListUntimely) return failures > 1 ? jittered(QUICK_ANSWER_MS) : 0
  const asked = error instanceof AnswerRefused ? error.retryAfterMs : 0
  const cap = failingForMs < SHORT_OUTAGE_MS ? SHORT_OUTAGE_BACK_OFF_MS : MAX_LIST_BACK_OFF_MS
  const most = Math.min(MIN_LIST_BACK_OFF_MS * 2 ** (failures - 1), cap)
  const wait = MIN_LIST_BACK_OFF_MS / 2 + Math.random() * (most - MIN_LIST_BACK_OFF_MS / 2)
  return Math.max(wait, Math.min(asked, MAX_LIST_BACK_OFF_MS))
}

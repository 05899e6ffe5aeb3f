// Follows the list where a process lives on between requests: one poll after the other, held by the issuer.
import { MAX_LIST_BACK_OFF_MS, MIN_LIST_BACK_OFF_MS, QUICK_ANSWER_MS } from './constants.ts'
import type { ListClient } from './list-client.ts'
import { pause } from './timer.ts'
import { AnswerRefused } from './transport.ts'

type Parts = {
  client: Pick<ListClient, 'step'>
  monotonic: () => number
  /** After each answer that was believed. */
  onAnswer: () => void
  signal: AbortSignal
}

/** Runs until the signal says otherwise. Never throws. */
export const followInBackground = async (parts: Parts): Promise<void> => {
  const { client, monotonic, onAnswer, signal } = parts
  let failures = 0
  while (!signal.aborted) {
    const startedAt = monotonic()
    try {
      const { news, more } = await client.step({ hold: true, signal })
      failures = 0
      onAnswer()
      // Over its limit the issuer holds nobody, nor does a proxy that has cached: that must not become a spin.
      const quick = monotonic() - startedAt < QUICK_ANSWER_MS
      if (!news && (more || quick)) await pause(jittered(QUICK_ANSWER_MS), signal)
    } catch (error) {
      failures += 1
      await pause(backOffMs(failures, error), signal)
    }
  }
}

/** Half of it, up to one and a half: followers that were answered together do not come back together. */
const jittered = (ms: number): number => ms * (0.5 + Math.random())

/** Full jitter; no sooner than the issuer says, within reason. */
const backOffMs = (failures: number, error: unknown): number => {
  const asked = error instanceof AnswerRefused ? error.retryAfterMs : 0
  const most = Math.min(MIN_LIST_BACK_OFF_MS * 2 ** (failures - 1), MAX_LIST_BACK_OFF_MS)
  const wait = MIN_LIST_BACK_OFF_MS / 2 + Math.random() * (most - MIN_LIST_BACK_OFF_MS / 2)
  return Math.max(wait, Math.min(asked, MAX_LIST_BACK_OFF_MS))
}

// Fetches the issuer's keys, one attempt at a time, and holds the latest set.
import { ATTEMPT_LIMIT_MS, RENEW_KEYS_MS } from '../constants.ts'
import { withTimeLimit } from '../net/time-limit.ts'
import { refTimer, unrefTimer } from '../net/timers.ts'
import { type Attempts, NO_ATTEMPTS, failed, isBackingOff, started, succeeded } from './attempts.ts'
import type { FetchedKeys } from './jwks.ts'
import { type KeySet, NO_KEYS, replaceKeys } from './key-set.ts'
import { keysFailureOf } from './keys-failure.ts'

/** `renew`: past all caches. `following`: only the list waits for it, and no token. */
export type Loading = { renew: boolean; following: boolean }

export type KeyFetcher = {
  keys(): KeySet
  attempts(): Attempts
  /**
   * Joins the attempt under way or begins one.
   * @returns whether it brought keys; false at once while backing off
   */
  refresh(loading?: Partial<Loading>): Promise<boolean>
  /**
   * Fetches past all caches, once in `RENEW_KEYS_MS` at most.
   * @returns whether the keys are that new
   */
  renew(): Promise<boolean>
  /**
   * Refreshes past all caches. Another attempt under way may bring keys older than an unknown key.
   */
  refreshForUnknown(): Promise<boolean>
  /** True while an attempt past all caches is under way. */
  isRenewing(): boolean
}

type Context = {
  readonly load: (loading: Loading) => Promise<FetchedKeys>
  /** Milliseconds of a clock that never runs backwards. */
  readonly monotonic: () => number
}

type State = Context & {
  keys: KeySet
  attempts: Attempts
  /** The attempt under way; null without one. */
  inFlight: Promise<boolean> | null
  lastRenewal: { readonly startedAt: number; readonly succeeded: boolean }
}

export const createKeyFetcher = ({ load, monotonic }: Context): KeyFetcher => {
  const state: State = {
    load,
    monotonic,
    keys: NO_KEYS,
    attempts: NO_ATTEMPTS,
    inFlight: null,
    lastRenewal: { startedAt: -Infinity, succeeded: false },
  }
  return {
    keys: () => state.keys,
    attempts: () => state.attempts,
    refresh: (loading) => refresh(state, loading),
    renew: () => renew(state),
    async refreshForUnknown() {
      abandonDead(state)
      if (state.inFlight !== null && !state.attempts.isRenewal) await result(state.inFlight, false)
      return refresh(state, { renew: true })
    },
    isRenewing: () => state.inFlight !== null && state.attempts.isRenewal,
  }
}

const attempt = async (state: State, loading: Loading): Promise<boolean> => {
  const { load, monotonic } = state
  state.attempts = started(state.attempts, monotonic(), loading.renew)
  const { latest: own, startedAt } = state.attempts
  const isLatest = (): boolean => state.attempts.latest === own
  try {
    const fetched = await load(loading)
    if (!isLatest()) return false // abandoned, and a newer attempt is under way
    const at = { now: monotonic(), ...(loading.renew && { renewedAt: startedAt }) }
    state.keys = replaceKeys(state.keys, fetched, at)
    state.attempts = succeeded(state.attempts)
    return true
  } catch (error) {
    const failure = isLatest() ? keysFailureOf(error) : undefined
    state.attempts = failed(state.attempts, monotonic(), failure)
    return false
  } finally {
    if (isLatest()) state.inFlight = null
  }
}

/**
 * Abandons an attempt that has ended with its request, as on Workers, where its promise never
 * settles.
 */
const abandonDead = (state: State): void => {
  if (state.monotonic() - state.attempts.startedAt > ATTEMPT_LIMIT_MS) state.inFlight = null
}

/** Keeps the process alive only while a token waits. */
const result = (attempting: Promise<boolean>, following: boolean): Promise<boolean> =>
  withTimeLimit(attempting, ATTEMPT_LIMIT_MS, () => false, following ? unrefTimer : refTimer)

const refresh = (
  state: State,
  { renew = false, following = false }: Partial<Loading> = {},
): Promise<boolean> => {
  abandonDead(state)
  if (state.inFlight === null && !isBackingOff(state.attempts, state.monotonic())) {
    state.inFlight = attempt(state, { renew, following })
  }
  return state.inFlight === null ? Promise.resolve(false) : result(state.inFlight, following)
}

const renew = async (state: State): Promise<boolean> => {
  abandonDead(state)
  // The attempt under way may bring older keys: from a cache, or because it was sent earlier.
  if (state.inFlight !== null) await result(state.inFlight, true)
  const startedAt = state.monotonic()
  if (startedAt - state.lastRenewal.startedAt < RENEW_KEYS_MS) return state.lastRenewal.succeeded
  state.lastRenewal = { startedAt, succeeded: false }
  state.inFlight = attempt(state, { renew: true, following: true })
  const isRenewed = await result(state.inFlight, true)
  state.lastRenewal = { ...state.lastRenewal, succeeded: isRenewed }
  return isRenewed
}

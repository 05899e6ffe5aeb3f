// One issuer's keys: fetched when they are needed, ahead of the time when they are too old, never more than
// once at a time, and used for a while longer where they cannot be fetched.
import {
  ATTEMPT_LIMIT_MS,
  MAX_BACK_OFF_MS,
  MAX_UNKNOWN_KIDS,
  MIN_BACK_OFF_MS,
  REFRESH_AHEAD,
  RENEW_KEYS_MS,
  UNKNOWN_KID_FETCH_MS,
  UNKNOWN_KID_MS,
} from './constants.ts'
import { refusal } from './errors.ts'
import type { FetchedKeys, VerificationKey } from './jwks.ts'
import { inTime } from './timeout.ts'
import { holding, later } from './timer.ts'

export type KeySource = {
  /**
   * The key with this id, null where the issuer has none.
   * @throws VerifierUnavailable `keys_unavailable` where that cannot be said
   */
  find(kid: string): Promise<VerificationKey | null>
  /** The key, where the keys at hand are fresh enough to say without waiting; else undefined. */
  peek(kid: string): VerificationKey | undefined
  /**
   * The key that a revocation list names. One that is not known is fetched at once and past all caches: after
   * all keys have been revoked everything hangs on it. Null where it is not there now, for whatever reason.
   */
  findAtOnce(kid: string): Promise<VerificationKey | null>
  /** Fetches the keys past all caches, once in a second at most. @returns whether they are that new */
  renew(): Promise<boolean>
  /** @throws VerifierUnavailable `keys_unavailable` where there are none that can be used */
  ready(): Promise<void>
  /** The keys at hand, however old. */
  list(): VerificationKey[]
}

/** `renew`: past all caches. `following`: no token waits, only what follows the list. */
export type Loading = { renew: boolean; following: boolean }

type Options = {
  load: (how: Loading) => Promise<FetchedKeys>
  /** Milliseconds that only ever grow. */
  monotonic: () => number
  /** How long keys are used that cannot be fetched again, in milliseconds after they were too old. */
  maxStaleMs: number
}

export const createKeySource = ({ load, monotonic, maxStaleMs }: Options): KeySource => {
  let keys = new Map<string, VerificationKey>()
  let fetchedAt = -Infinity
  /** When the request past all caches was sent that the keys at hand, or newer ones, have come from. */
  let askedPastCachesAt = -Infinity
  let maxAgeMs = 0
  let inFlight: Promise<boolean> | null = null
  let renewing = false
  let attempts = 0
  let startedAt = -Infinity
  let failures = 0
  let notBefore = -Infinity
  let renewedAt = -Infinity
  let renewed = false
  const unknown = new Map<string, number>()
  let lookedAt = -Infinity

  const age = (): number => monotonic() - fetchedAt
  const backingOff = (): boolean => failures > 0 && monotonic() < notBefore

  /** Replaces the keys. One that has not changed stays the same object, so that its tokens stay remembered. */
  const replace = (fetched: FetchedKeys): void => {
    const before = keys
    keys = new Map(
      fetched.keys.map((key) => {
        const known = before.get(key.kid)
        return [key.kid, known?.material === key.material ? known : key]
      }),
    )
    maxAgeMs = fetched.maxAgeMs
    fetchedAt = monotonic()
  }

  const attempt = async (how: Loading): Promise<boolean> => {
    const mine = ++attempts
    startedAt = monotonic()
    renewing = how.renew
    // Counted before the attempt: one that hangs, or a process that dies in it, has failed as well.
    failures += 1
    notBefore = startedAt + Math.min(MIN_BACK_OFF_MS * 2 ** (failures - 1), MAX_BACK_OFF_MS)
    try {
      const fetched = await load(how)
      if (mine !== attempts) return false // given up, and another is on its way
      replace(fetched)
      if (how.renew) askedPastCachesAt = startedAt
      failures = 0
      return true
    } catch {
      return false
    } finally {
      if (mine === attempts) inFlight = null
    }
  }

  /** On Workers a fetch ends with the request that began it, and then says nothing any more. */
  const giveUpDead = (): void => {
    if (monotonic() - startedAt > ATTEMPT_LIMIT_MS) inFlight = null
  }

  /** Only who waits for a token holds the process open. */
  const outcome = (attempting: Promise<boolean>, following: boolean): Promise<boolean> =>
    inTime(attempting, ATTEMPT_LIMIT_MS, () => false, following ? later : holding)

  /** @returns whether the keys are as of now; false at once while backing off */
  const refresh = ({ renew = false, following = false } = {}): Promise<boolean> => {
    giveUpDead()
    if (inFlight === null && !backingOff()) inFlight = attempt({ renew, following })
    return inFlight === null ? Promise.resolve(false) : outcome(inFlight, following)
  }

  const renew = async (): Promise<boolean> => {
    giveUpDead()
    // What is on its way may come from before: from a cache, or from a moment ago.
    if (inFlight !== null) await outcome(inFlight, true)
    if (monotonic() - renewedAt < RENEW_KEYS_MS) return renewed
    renewedAt = monotonic()
    renewed = false
    inFlight = attempt({ renew: true, following: true })
    return (renewed = await outcome(inFlight, true))
  }

  /** For a kid that is not known: what is on its way, unless it is past all caches, may be older than its key. */
  const look = async (): Promise<boolean> => {
    giveUpDead()
    if (inFlight !== null && !renewing) await outcome(inFlight, false)
    return refresh({ renew: true })
  }

  const usable = (kid: string): VerificationKey | undefined =>
    age() < maxAgeMs + maxStaleMs ? keys.get(kid) : undefined

  const ensureUsable = async (): Promise<void> => {
    if (age() < maxAgeMs) {
      if (age() >= maxAgeMs * (1 - REFRESH_AHEAD)) void refresh()
      return
    }
    const stale = age() < maxAgeMs + maxStaleMs
    if (stale && failures > 0) {
      void refresh() // it has failed already: nobody waits for it again while there are keys
      return
    }
    if ((await refresh()) || stale) return
    throw refusal('keys_unavailable')
  }

  const rememberUnknown = (kid: string): void => {
    unknown.delete(kid)
    unknown.set(kid, monotonic() + UNKNOWN_KID_MS)
    const [oldest] = unknown.keys()
    if (unknown.size > MAX_UNKNOWN_KIDS && oldest !== undefined) unknown.delete(oldest)
  }

  /** Counted by what was looked for: keys that were fetched for another reason may be older than a new one. */
  const lookedForLately = (kid: string): boolean =>
    monotonic() - lookedAt < UNKNOWN_KID_FETCH_MS || monotonic() < (unknown.get(kid) ?? -Infinity)

  return {
    peek(kid) {
      return age() < maxAgeMs * (1 - REFRESH_AHEAD) ? keys.get(kid) : undefined
    },

    async findAtOnce(kid) {
      if (age() >= maxAgeMs) await refresh({ following: true })
      if (usable(kid) === undefined) await renew()
      return usable(kid) ?? null
    },

    renew,
    ready: ensureUsable,
    list: () => [...keys.values()],

    async find(kid) {
      const since = monotonic()
      await ensureUsable()
      const known = keys.get(kid)
      if (known !== undefined) return known
      // Not in keys that the issuer itself was asked for since, or looked for a moment ago: there is none.
      if (askedPastCachesAt >= since || lookedForLately(kid)) return null
      if (!(await look())) throw refusal('keys_unavailable')
      lookedAt = monotonic()
      const found = keys.get(kid)
      if (found === undefined) rememberUnknown(kid)
      return found ?? null
    },
  }
}

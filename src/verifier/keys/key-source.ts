// One issuer's keys: fetched when they are needed, ahead of the time when they are too old, never more than
// once at a time, and used for a while longer where they cannot be fetched.
import {
  ATTEMPT_LIMIT_MS,
  FETCH_TIMEOUT_MS,
  MAX_BACK_OFF_MS,
  MIN_BACK_OFF_MS,
  PATIENCE_AGAIN_MS,
  REFRESH_AHEAD,
  RENEW_KEYS_MS,
  UNKNOWN_KID_FETCH_MS,
} from '../constants.ts'
import { refusal } from '../errors.ts'
import { type KeyName, type VerificationKey, textOf } from './jwk.ts'
import type { FetchedKeys } from './jwks.ts'
import { KeysFailure, type KeysFailureCode, keysFailureOf } from './keys-failure.ts'
import { endsWithRequest } from '../net/platform.ts'
import { inTime } from '../net/in-time.ts'
import { holding, later } from '../net/timers.ts'
import { createUnknownKeys } from './unknown-keys.ts'

export type KeySource = {
  /**
   * The key with this name. Null only where the issuer has been asked past all caches since the call and has none,
   * or where it had none a moment ago when it was asked for this very name.
   * @throws VerifierUnavailable `keys_unavailable` where that cannot be said
   */
  find(name: KeyName): Promise<VerificationKey | null>
  /** The key, where the keys at hand are fresh enough to say without waiting; else undefined. */
  peek(name: KeyName): VerificationKey | undefined
  /** The key at hand, without a fetch, as long as it may be used; else undefined. */
  held(name: KeyName): VerificationKey | undefined
  /**
   * The key that a revocation list names. One that is not known is fetched at once and past all caches: after
   * all keys have been revoked everything hangs on it. Null where it is not there now, for whatever reason.
   */
  findAtOnce(name: KeyName): Promise<VerificationKey | null>
  /** Fetches the keys past all caches, once in a second at most. @returns whether they are that new */
  renew(): Promise<boolean>
  /** @throws VerifierUnavailable `keys_unavailable` where there are none that can be used */
  ready(): Promise<void>
  /** The keys at hand, however old. */
  list(): VerificationKey[]
  status(): KeysStatus
}

export type KeysStatus = {
  /** Seconds since the keys at hand were fetched; null before the first fetch. */
  readonly age: number | null
  /** True if the keys are older than their answer allows. They stay in use for another `keysMaxStale`. */
  readonly stale: boolean
  /** Why the last fetch brought no keys; null where it did. */
  readonly lastFailure: string | null
  readonly lastFailureCode: KeysFailureCode | null
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
  let failure: KeysFailure | null = null
  /** How long attempts have taken since the last success, in milliseconds: tokens wait once for each outage. */
  let spentMs = 0
  const unknown = createUnknownKeys(monotonic)
  let lookedAt = -Infinity

  const age = (): number => monotonic() - fetchedAt
  const backingOff = (): boolean => failures > 0 && monotonic() < notBefore
  const unavailable = (cause = failure ?? new KeysFailure('timeout')) =>
    refusal('keys_unavailable', { cause })

  /** Replaces the keys. One that has not changed stays the same object, so that its tokens stay remembered. */
  const replace = (fetched: FetchedKeys): void => {
    const before = keys
    keys = new Map(
      fetched.keys.map((key) => {
        const known = before.get(textOf(key))
        return [textOf(key), known?.material === key.material ? known : key]
      }),
    )
    maxAgeMs = fetched.maxAgeMs
    fetchedAt = monotonic()
  }

  const attempt = async (how: Loading): Promise<boolean> => {
    const mine = ++attempts
    if (monotonic() - startedAt > PATIENCE_AGAIN_MS) spentMs = 0
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
      failure = null
      spentMs = 0
      return true
    } catch (error) {
      if (mine === attempts) failure = keysFailureOf(error)
      spentMs += monotonic() - startedAt
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

  /** Where an attempt ends with its request, a token that does not wait would leave no keys for any. */
  const patiently = (refreshing: Promise<boolean>): Promise<boolean> => {
    const patient = spentMs < FETCH_TIMEOUT_MS || endsWithRequest()
    return patient ? refreshing : Promise.resolve(false)
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

  /** For a key that is not known: what is on its way, unless it is past all caches, may be older than its key. */
  const look = async (): Promise<boolean> => {
    giveUpDead()
    if (inFlight !== null && !renewing) await outcome(inFlight, false)
    return refresh({ renew: true })
  }

  /** Names come from strangers: for unknown ones the issuer is asked once in a while, whatever their number. */
  const mayLook = (): boolean =>
    (inFlight !== null && renewing) || monotonic() - lookedAt >= UNKNOWN_KID_FETCH_MS

  const usable = (name: KeyName): VerificationKey | undefined =>
    age() < maxAgeMs + maxStaleMs ? keys.get(textOf(name)) : undefined

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
    if ((await patiently(refresh())) || stale) return
    throw unavailable()
  }

  return {
    peek(name) {
      return age() < maxAgeMs * (1 - REFRESH_AHEAD) ? keys.get(textOf(name)) : undefined
    },

    held: usable,

    async findAtOnce(name) {
      if (age() >= maxAgeMs) await refresh({ following: true })
      if (usable(name) === undefined) await renew()
      return usable(name) ?? null
    },

    renew,
    ready: ensureUsable,
    list: () => [...keys.values()],

    status: () => ({
      age: Number.isFinite(fetchedAt) ? age() / 1000 : null,
      stale: !(age() < maxAgeMs),
      lastFailure: failure?.message ?? null,
      lastFailureCode: failure?.code ?? null,
    }),

    async find(name) {
      const since = monotonic()
      await ensureUsable()
      const known = keys.get(textOf(name))
      if (known !== undefined) return known
      // The issuer itself has been asked since, or for this name a moment ago: it has no such key.
      if (askedPastCachesAt >= since || unknown.has(name)) return null
      if (!mayLook()) throw unavailable(failure ?? new KeysFailure('not_asked'))
      if (!(await look())) throw unavailable()
      lookedAt = monotonic()
      const found = keys.get(textOf(name))
      if (found !== undefined) return found
      // The request under way left before this token came: the key may be newer.
      if (askedPastCachesAt < since) throw unavailable(new KeysFailure('not_asked'))
      unknown.add(name)
      return null
    },
  }
}

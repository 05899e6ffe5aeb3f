// The source of one issuer's keys: fetches them when they are needed and ahead of the end of their
// freshness. If a fetch fails, tokens are verified with the old keys for `maxStaleMs` more.
import { EARLY_TIMER_MS, FETCH_TIMEOUT_MS, UNKNOWN_KID_FETCH_MS } from '../constants.ts'
import { refusal } from '../errors.ts'
import { endsWithRequest } from '../net/platform.ts'
import type { KeyName, VerificationKey } from './jwk.ts'
import type { FetchedKeys } from './jwks.ts'
import { type Loading, createKeyFetcher } from './key-fetcher.ts'
import { type KeySet, ageOf, findKey, isFresh, isRecent, isUsable } from './key-set.ts'
import { KeysFailure, type KeysFailureCode } from './keys-failure.ts'
import { createUnknownKeys } from './unknown-keys.ts'

export type KeySource = {
  /**
   * Finds the key with this name. Null only where a request past all caches, sent since the call,
   * has shown that the issuer has no such key, or where a request for the same name has shown it
   * within the last seconds.
   * @throws VerifierUnavailable `keys_unavailable` where the issuer cannot be asked
   */
  find(name: KeyName): Promise<VerificationKey | null>
  /** The key, without waiting, where the keys at hand are recent; otherwise undefined. */
  peek(name: KeyName): VerificationKey | undefined
  /** True if the keys at hand are recent and this one is among them. */
  holds(key: VerificationKey): boolean
  /** The key at hand, without a fetch, while it may be used; otherwise undefined. */
  held(name: KeyName): VerificationKey | undefined
  /**
   * Finds the key that a revocation list names. An unknown one is fetched at once and past all
   * caches: after the revocation of all keys the list depends on it. Null if no fetch returns it.
   */
  findAtOnce(name: KeyName): Promise<VerificationKey | null>
  /**
   * Fetches the keys past all caches, once in a second at most.
   * @returns whether they are that new
   */
  renew(): Promise<boolean>
  /** @throws VerifierUnavailable `keys_unavailable` where no fetch returns usable keys */
  ready(): Promise<void>
  /** The keys at hand, however old. */
  list(): VerificationKey[]
  status(): KeysStatus
}

/** The state of the keys, in `VerifierStatus`. */
export type KeysStatus = {
  /** Seconds since the keys at hand were fetched; null before the first fetch. */
  readonly age: number | null
  /**
   * True if the keys are older than their answer allows. They stay in use for another
   * `keysMaxStale` seconds.
   */
  readonly stale: boolean
  /** Failure of the last fetch; null after a success. */
  readonly lastFailure: string | null
  readonly lastFailureCode: KeysFailureCode | null
}

type Options = {
  load: (loading: Loading) => Promise<FetchedKeys>
  /** Milliseconds of a clock that never runs backwards. */
  monotonic: () => number
  /**
   * Milliseconds for which keys that are no longer fresh stay in use while they cannot be fetched.
   */
  maxStaleMs: number
}

const statusOf = (keys: KeySet, failure: KeysFailure | null, now: number): KeysStatus => ({
  age: Number.isFinite(keys.fetchedAt) ? ageOf(keys, now) / 1000 : null,
  stale: !isFresh(keys, now),
  lastFailure: failure?.message ?? null,
  lastFailureCode: failure?.code ?? null,
})

export const createKeySource = ({ load, monotonic, maxStaleMs }: Options): KeySource => {
  const fetcher = createKeyFetcher({ load, monotonic })
  const { keys, attempts } = fetcher
  const unknown = createUnknownKeys(monotonic)
  /** Time of the latest fetch for an unknown key. */
  let askedAt = -Infinity

  const unavailable = (cause = attempts().failure ?? new KeysFailure('timeout')) =>
    refusal({ kind: 'keys_unavailable', failure: cause.code }, { cause })

  /** Attackers choose unknown names: they cause one fetch per UNKNOWN_KID_FETCH_MS together. */
  const mayAsk = (): boolean =>
    fetcher.isRenewing() || monotonic() - askedAt >= UNKNOWN_KID_FETCH_MS

  const held = (name: KeyName): VerificationKey | undefined =>
    isUsable(keys(), monotonic(), maxStaleMs) ? findKey(keys(), name) : undefined

  /**
   * Waits always where attempts end with their request: a token that left would leave all tokens
   * without keys.
   */
  const waitOnceForOutage = (refreshing: Promise<boolean>): Promise<boolean> => {
    const waits = attempts().spentMs < FETCH_TIMEOUT_MS - EARLY_TIMER_MS || endsWithRequest()
    return waits ? refreshing : Promise.resolve(false)
  }

  const ready = async (): Promise<void> => {
    const now = monotonic()
    if (isFresh(keys(), now)) {
      if (!isRecent(keys(), now)) void fetcher.refresh()
      return
    }
    const usable = isUsable(keys(), now, maxStaleMs)
    if (usable && attempts().failures > 0) {
      // Tokens do not wait for another fetch after a failure while keys are usable.
      void fetcher.refresh()
      return
    }
    if ((await waitOnceForOutage(fetcher.refresh())) || usable) return
    throw unavailable()
  }

  return {
    held,
    ready,
    renew: fetcher.renew,
    peek: (name) => (isRecent(keys(), monotonic()) ? findKey(keys(), name) : undefined),
    holds: (key) => isRecent(keys(), monotonic()) && keys().all.has(key),
    list: () => [...keys().byName.values()],

    async findAtOnce(name) {
      if (ageOf(keys(), monotonic()) >= keys().maxAgeMs) await fetcher.refresh({ following: true })
      if (held(name) === undefined) await fetcher.renew()
      return held(name) ?? null
    },

    status: () => statusOf(keys(), attempts().failure, monotonic()),

    async find(name) {
      const since = monotonic()
      await ready()
      const present = findKey(keys(), name)
      if (present !== undefined) return present
      // The issuer has been asked since, or for this name a moment ago: it has no such key.
      if (keys().renewedAt >= since || unknown.has(name)) return null
      if (!mayAsk()) throw unavailable(attempts().failure ?? new KeysFailure('not_asked'))
      if (!(await fetcher.refreshForUnknown())) throw unavailable()
      askedAt = monotonic()
      const found = findKey(keys(), name)
      if (found !== undefined) return found
      // The key may be newer than that request, which was sent before this token arrived.
      if (keys().renewedAt < since) throw unavailable(new KeysFailure('not_asked'))
      unknown.add(name)
      return null
    },
  }
}

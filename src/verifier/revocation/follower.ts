// Follows the issuer's revocation list, and says of a token whether a rule takes it back.
import { READY_STEP_MS } from '../constants.ts'
import { refusal } from '../errors.ts'
import { followInBackground } from './background.ts'
import type { KeySource } from '../keys/key-source.ts'
import { type Reporter, describe, errorOf } from '../events.ts'
import { type ListClient, createListClient } from './list-client.ts'
import { type ListState, createListState } from './list-state.ts'
import type { Following, WaitUntil } from './following.ts'
import { createRefreshOnUse } from './on-use.ts'
import type { RuleKind } from './rules.ts'
import { type ReadyOptions, reachIn } from './ready.ts'
import type { RevocableToken } from './token-subject.ts'
import { pause } from '../net/timers.ts'
import type { GetBytes } from '../net/get-bytes.ts'

export type FollowerStatus = {
  /** Seconds since the issuer has signed what is known; null before the first list. */
  readonly age: number | null
  /** Whether that is more than `maxStaleness`. */
  readonly stale: boolean
  readonly epoch: string | null
  readonly cursor: string | null
  /** Rules at hand. */
  readonly entries: Readonly<Record<RuleKind, number>>
  /** Why the last request brought nothing, with the causes; null where it did. */
  readonly lastFailure: string | null
  /** The error that `lastFailure` describes. */
  readonly lastError: Error | null
}

export type Follower = {
  /** @throws TokenInvalid `token_revoked`, `token_expired`; VerifierUnavailable `revocations_stale` */
  check(
    subject: RevocableToken,
    expiresAt: number,
    waitUntil: WaitUntil | undefined,
  ): Promise<void> | undefined
  /** On use: has the list as new as can be had, for a token that is refused otherwise. Never rejects. */
  refreshed(): Promise<void> | undefined
  revokedKeys(): string[]
  hasRevokedKey(kid: string): boolean
  /** @throws VerifierUnavailable `revocations_stale` */
  ready(options: ReadyOptions): Promise<void>
  status(): FollowerStatus
  /** Seconds by which the wall clock here is ahead of the issuer's; null before the first list. */
  clockApart(): number | null
  close(): void
}

export type FollowerOptions = {
  uri: string
  location: string
  get: GetBytes
  keys: Pick<KeySource, 'findAtOnce' | 'list' | 'renew'>
  maxStaleness: number
  onStale: 'refuse' | 'accept'
  follow: 'background' | 'on-use'
  clock: () => number
  monotonic: () => number
  onKeyRevoked: (kid: string) => void
  report: Reporter
}

export const createFollower = (options: FollowerOptions): Follower => {
  const { onStale, clock, monotonic, report } = options
  const state = createListState(options)
  const client = reporting(createListClient({ ...options, state }), state, report)
  const follow = options.follow === 'on-use' ? onUse : followInBackground
  const parts = { client, state, clock, monotonic, report }
  const { current, refreshed, goodList, lastFailure, close } = follow(parts)

  const unavailable = (cause = lastFailure()) => refusal('revocations_stale', { cause })

  const decide = (subject: RevocableToken, expiresAt: number): void => {
    if (state.isStale()) {
      report.listStale(state.age(), lastFailure())
      if (onStale === 'refuse') throw unavailable()
    }
    // Rules are dropped by the issuer's time; a clock of ours that is behind must not outlive them.
    if (expiresAt < state.droppedBefore()) throw refusal('token_expired')
    if (state.known()?.rules.matches(subject)) throw refusal('token_revoked')
  }

  return {
    check(subject, expiresAt, waitUntil) {
      const waiting = current(waitUntil)
      if (waiting !== undefined) return waiting.then(() => decide(subject, expiresAt))
      decide(subject, expiresAt)
      return undefined
    },
    refreshed,
    revokedKeys: () => state.known()?.rules.keys() ?? [],
    hasRevokedKey: (kid) => state.known()?.rules.hasKey(kid) ?? false,
    async ready(within) {
      await reachIn(goodList, within)
      if (state.isStale()) throw unavailable(lastFailure() ?? new Error('no list came in time'))
    },
    status() {
      const { epoch = null, cursor = null, rules } = state.known() ?? {}
      const failure = lastFailure()
      return {
        age: state.age(),
        stale: state.isStale(),
        epoch,
        cursor,
        entries: rules?.counts() ?? NO_ENTRIES,
        lastFailure: failure === null ? null : describe(failure),
        lastError: failure === null ? null : errorOf(failure),
      }
    },
    clockApart() {
      const time = state.saidTime()
      return time === null ? null : Math.round(clock() / 1000 - time) + 0 // never -0
    },
    close,
  }
}

const NO_ENTRIES = { jti: 0, run: 0, client: 0, plugin: 0, workspace: 0, key: 0 } as const

type Parts = Parameters<typeof createRefreshOnUse>[0]

const onUse = (parts: Parts): Following => {
  const { refresh, failure, close, closed } = createRefreshOnUse(parts)
  return {
    current: refresh,
    refreshed: () => refresh(undefined),
    lastFailure: () => parts.client.lastFailure() ?? failure(),
    async goodList(ended) {
      while (parts.state.isStale() && !ended.aborted && !closed()) {
        await refresh(undefined)
        if (parts.state.isStale()) await pause(READY_STEP_MS, ended)
      }
    },
    close,
  }
}

/** Reports how each request ends, except those that the follower has ended itself. */
const reporting = (client: ListClient, state: ListState, report: Reporter): ListClient => ({
  ...client,
  async step(options) {
    try {
      const answer = await client.step(options)
      if (!answer.more && !state.isStale()) report.listGood()
      return answer
    } catch (error) {
      if (options.signal?.aborted !== true) {
        report.listFailed(error)
        if (state.known() !== null && state.isStale()) report.listStale(state.age(), error)
      }
      throw error
    }
  },
})

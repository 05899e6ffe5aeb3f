// Follows the issuer's revocation list, and decides whether a rule revokes a token.
import { READY_STEP_MS } from '../constants.ts'
import { refusal } from '../errors.ts'
import { type Reporter, describe, errorOf } from '../events.ts'
import type { KeySource } from '../keys/key-source.ts'
import type { GetBytes } from '../net/get-bytes.ts'
import { pause } from '../net/timers.ts'
import { followInBackground } from './background.ts'
import type { Following, WaitUntil } from './following.ts'
import { type ListClient, createListClient } from './list-client.ts'
import { type ListState, createListState } from './list-state.ts'
import { createRefreshOnUse } from './on-use.ts'
import { type ReadyOptions, waitUntilReady } from './ready.ts'
import type { RevocableToken } from './revocable-token.ts'
import type { RuleKind } from './rules.ts'

/** The state of the followed list. */
export type FollowerStatus = {
  /** Seconds since the issuer signed the newest list of the copy; null before the first list. */
  readonly age: number | null
  /** True if the age exceeds `maxStaleness`. */
  readonly stale: boolean
  readonly epoch: string | null
  readonly cursor: string | null
  /** Number of rules in the copy. */
  readonly entries: Readonly<Record<RuleKind, number>>
  /** Failure of the last request, with its causes; null after a success. */
  readonly lastFailure: string | null
  /** The error that `lastFailure` describes. */
  readonly lastError: Error | null
}

export type Follower = {
  /**
   * @throws TokenInvalid `token_revoked`, `token_expired`; VerifierUnavailable `revocations_stale`
   */
  check(
    token: RevocableToken,
    expiresAt: number,
    waitUntil: WaitUntil | undefined,
  ): Promise<void> | undefined
  /** Refreshes the list (on use) for a token that would otherwise be refused. Never rejects. */
  refreshed(): Promise<void> | undefined
  revokedKeys(): string[]
  hasRevokedKey(kid: string): boolean
  /** @throws VerifierUnavailable `revocations_stale` */
  ready(options: ReadyOptions): Promise<void>
  status(): FollowerStatus
  /**
   * Seconds by which the wall clock of this server is ahead of the issuer's; null before the first
   * list.
   */
  clockApart(): number | null
  close(): void
}

export type FollowerOptions = {
  /** `iss` and `aud` of the list. */
  uri: string
  /** URL at which the list is requested. */
  location: string
  get: GetBytes
  keys: Pick<KeySource, 'findAtOnce' | 'list' | 'renew'>
  /** Seconds. */
  maxStaleness: number
  onStale: 'refuse' | 'accept'
  follow: 'background' | 'on-use'
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Milliseconds of a clock that never runs backwards. */
  monotonic: () => number
  onKeyRevoked: (kid: string) => void
  report: Reporter
}

export const createFollower = (options: FollowerOptions): Follower => {
  const { onStale, maxStaleness, clock, monotonic, report } = options
  const state = createListState(options)
  const client = reporting(createListClient({ ...options, state }), state, report)
  const follow = options.follow === 'on-use' ? followOnUse : followInBackground
  const following = follow({ client, state, clock, monotonic, report })
  const { current, refreshed, goodList, lastFailure, close } = following

  const unavailable = (cause = lastFailure()) =>
    refusal({ kind: 'list_stale', age: state.age(), maxStaleness }, { cause })

  const decide = (token: RevocableToken, expiresAt: number): void => {
    if (state.isStale()) {
      report.listStale(state.age(), lastFailure())
      if (onStale === 'refuse') throw unavailable()
    }
    // Rules are dropped by the issuer's time: a token must not outlive them by a slow clock of this
    // server.
    const droppedBefore = state.droppedBefore()
    if (expiresAt < droppedBefore) {
      throw refusal({ kind: 'expired_by_list', expiresAt, droppedBefore })
    }
    const match = state.copy()?.rules.match(token) ?? null
    if (match !== null) throw refusal({ kind: `${match.kind}_revoked`, rule: match.value })
  }

  return {
    check(token, expiresAt, waitUntil) {
      const waiting = current(waitUntil)
      if (waiting !== undefined) return waiting.then(() => decide(token, expiresAt))
      decide(token, expiresAt)
      return undefined
    },
    refreshed,
    revokedKeys: () => state.copy()?.rules.keys() ?? [],
    hasRevokedKey: (kid) => state.copy()?.rules.hasKey(kid) ?? false,
    async ready(limits) {
      await waitUntilReady(goodList, limits)
      if (state.isStale()) throw unavailable(lastFailure() ?? new Error('no list came in time'))
    },
    status: () => statusOf(state, lastFailure()),
    clockApart() {
      const time = state.reportedTime()
      return time === null ? null : Math.round(clock() / 1000 - time) + 0 // 0 for -0
    },
    close,
  }
}

const NO_ENTRIES = { jti: 0, run: 0, client: 0, plugin: 0, workspace: 0, key: 0 } as const

const statusOf = (state: ListState, failure: unknown): FollowerStatus => {
  const { epoch = null, cursor = null, rules } = state.copy() ?? {}
  return {
    age: state.age(),
    stale: state.isStale(),
    epoch,
    cursor,
    entries: rules?.counts() ?? NO_ENTRIES,
    lastFailure: failure === null ? null : describe(failure),
    lastError: failure === null ? null : errorOf(failure),
  }
}

const followOnUse = (options: Parameters<typeof createRefreshOnUse>[0]): Following => {
  const { client, state } = options
  const { refresh, failure, close, closed } = createRefreshOnUse(options)
  return {
    current: refresh,
    refreshed: () => refresh(undefined),
    lastFailure: () => client.lastFailure() ?? failure(),
    async goodList(ended) {
      while (state.isStale() && !ended.aborted && !closed()) {
        await refresh(undefined)
        if (state.isStale()) await pause(READY_STEP_MS, ended)
      }
    },
    close,
  }
}

/** Reports how each request ends, except requests that the follower has aborted itself. */
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
        if (state.copy() !== null && state.isStale()) report.listStale(state.age(), error)
      }
      throw error
    }
  },
})

// The answer to "is this token revoked?": from the issuer's list, from a source of the application,
// or from none.
import {
  DEFAULT_MAX_STALENESS_SECONDS,
  READY_STEP_MS,
  REVOCATION_TIMEOUT_MS,
} from '../constants.ts'
import { VerifierUnavailable, refusal } from '../errors.ts'
import type { Eventual } from '../eventual.ts'
import type { Reporter } from '../events.ts'
import type { KeySource } from '../keys/key-source.ts'
import type { AbortFlag } from '../net/abort-flag.ts'
import type { Fetch } from '../net/fetch.ts'
import { createGetBytes } from '../net/get-bytes.ts'
import { isFrozenBetweenRequests } from '../net/platform.ts'
import { withTimeLimit } from '../net/time-limit.ts'
import { pause } from '../net/timers.ts'
import type { AccessTokenClaims } from '../token/parse.ts'
import { type FollowerStatus, createFollower } from './follower.ts'
import type { WaitUntil } from './following.ts'
import { type ReadyOptions, waitUntilReady } from './ready.ts'
import { type RevocableToken, revocableTokenOf } from './revocable-token.ts'

/**
 * A source of the application that decides whether a token is revoked. If it throws, or does not
 * answer within 5,000 milliseconds, the token is refused with 503 `revocations_stale`.
 * @example
 * const revokedIds = new Set<string>()
 * const revocations: RevocationSource = { isRevoked: ({ jti }) => revokedIds.has(jti) }
 */
export type RevocationSource = {
  /** Any answer but `false` counts as revoked. */
  isRevoked(
    claims: AccessTokenClaims,
    /**
     * The key that signed the token, and the token's text, for a source that asks another service.
     * A source must not look rules up by the text.
     */
    of: { readonly kid: string; readonly token: string },
  ): boolean | Promise<boolean>
}

/**
 * The state of the check for revocation: `'own'` with a `RevocationSource`, `'none'` without a
 * check.
 */
export type RevocationStatus =
  | ({ readonly source: 'list' } & FollowerStatus)
  | { readonly source: 'own' }
  | { readonly source: 'none' }

/** One use of a token. */
type Use = {
  readonly token: string
  readonly kid: string
  readonly claims: AccessTokenClaims
  readonly revocable: RevocableToken | null
  readonly waitUntil: WaitUntil | undefined
}

/** The part of `VerifierOptions` that concerns revocation. */
type RevocationOptions = {
  issuer: string
  revocations?: RevocationSource | 'none'
  revocationsUri?: string
  maxStaleness?: number
  onStale?: 'refuse' | 'accept'
  follow?: 'background' | 'on-use'
  fetch?: Fetch
}

export type Revocation = {
  /** The facts that rules compare; null where no list is followed. */
  revocableOf(kid: string, claims: AccessTokenClaims): Eventual<RevocableToken | null>
  /**
   * @returns undefined where there is nothing to wait for.
   * @throws TokenInvalid, VerifierUnavailable
   */
  check(use: Use): Promise<void> | undefined
  /**
   * Refreshes the list before a token of an unknown key is refused: the list may name newer keys.
   * Never rejects.
   */
  refreshed(): Promise<void> | undefined
  revokedKeys(): string[]
  hasRevokedKey(kid: string): boolean
  /** @throws VerifierUnavailable */
  ready(options: ReadyOptions): Promise<void>
  status(): RevocationStatus
  /**
   * Seconds by which the wall clock of this server is ahead of the issuer's; null without a list.
   */
  clockApart(): number | null
  close(): void
}

type Context = {
  keys: KeySource
  clock: () => number
  monotonic: () => number
  onKeyRevoked: (kid: string) => void
  report: Reporter
  closed: AbortFlag
}

export const createRevocation = (options: RevocationOptions, context: Context): Revocation => {
  const { revocations } = options
  if (revocations === undefined) return followList(options, context)
  const source = revocations === 'none' ? 'none' : 'own'
  return {
    revocableOf: () => null,
    check: (use) => (revocations === 'none' ? undefined : askSource(revocations, use)),
    refreshed: () => undefined,
    revokedKeys: () => [],
    hasRevokedKey: () => false,
    ready: (limits) => waitForKeys(context, limits),
    status: () => ({ source }),
    clockApart: () => null,
    close: () => {},
  }
}

const followList = (options: RevocationOptions, context: Context): Revocation => {
  const uri = `${options.issuer}/oauth/revocations`
  const maxStaleness = options.maxStaleness ?? DEFAULT_MAX_STALENESS_SECONDS
  const follower = createFollower({
    ...context,
    uri,
    location: options.revocationsUri ?? uri,
    get: createGetBytes(options.fetch),
    maxStaleness,
    onStale: options.onStale ?? 'refuse',
    follow: options.follow ?? (isFrozenBetweenRequests() ? 'on-use' : 'background'),
  })
  return {
    ...follower,
    revocableOf: revocableTokenOf,
    check: ({ revocable, claims, waitUntil }) => {
      if (revocable === null) throw refusal({ kind: 'list_stale', age: null, maxStaleness })
      return follower.check(revocable, claims.exp, waitUntil)
    },
    status: () => ({ source: 'list', ...follower.status() }),
  }
}

const askSource = async (source: RevocationSource, { token, kid, claims }: Use): Promise<void> => {
  let revoked: boolean
  try {
    const answer = source.isRevoked(claims, { kid, token })
    revoked =
      typeof answer === 'object'
        ? await withTimeLimit(answer, REVOCATION_TIMEOUT_MS, failInTime)
        : answer
  } catch (cause) {
    throw cause instanceof VerifierUnavailable
      ? cause
      : refusal({ kind: 'source_failed' }, { cause })
  }
  // Any answer but `false` counts as revoked.
  if (revoked !== false) throw refusal({ kind: 'revoked_by_source' })
}

const failInTime = (): never => {
  throw new Error('the revocation source did not answer in time')
}

/**
 * Requests the keys again and again while the caller waits: issuer and resource server may start
 * together.
 */
const waitForKeys = async (
  { keys, closed }: Pick<Context, 'keys' | 'closed'>,
  limits: ReadyOptions,
): Promise<void> => {
  let failure: unknown = null
  const start = async (ended: AbortFlag): Promise<boolean> => {
    for (;;) {
      try {
        await keys.ready()
        return true
      } catch (error) {
        failure = error
      }
      if (closed.aborted || ended.aborted) return false
      await pause(READY_STEP_MS, ended)
    }
  }
  if ((await waitUntilReady(start, limits)) === true) return
  const cause = new Error('no keys came in time')
  throw failure ?? refusal({ kind: 'keys_unavailable', failure: null }, { cause })
}

// Who knows which tokens are revoked: the issuer's list, a source of the caller's own, or nobody.
import {
  DEFAULT_MAX_STALENESS_SECONDS,
  READY_STEP_MS,
  REVOCATION_TIMEOUT_MS,
} from '../constants.ts'
import { VerifierUnavailable, refusal } from '../errors.ts'
import type { AbortFlag } from '../net/abort-flag.ts'
import type { Reporter } from '../events.ts'
import { type FollowerStatus, createFollower } from './follower.ts'
import type { KeySource } from '../keys/key-source.ts'
import type { WaitUntil } from './following.ts'
import { isFrozenBetweenRequests } from '../net/platform.ts'
import { type ReadyOptions, reachIn } from './ready.ts'
import { type RevocableToken, revocableTokenOf } from './token-subject.ts'
import { inTime } from '../net/in-time.ts'
import { pause } from '../net/timers.ts'
import type { AccessTokenClaims } from '../token/parse.ts'
import type { Fetch } from '../net/fetch.ts'
import { createGetBytes } from '../net/get-bytes.ts'

/** Says whether a token has been taken back. What it throws is answered with 503, never taken for "no". */
export type RevocationSource = {
  isRevoked(
    claims: AccessTokenClaims,
    /** The key that signed it, and its text for a source that asks somebody else. Never key a rule on the text. */
    of: { readonly kid: string; readonly token: string },
  ): boolean | Promise<boolean>
}

export type RevocationStatus =
  | ({ readonly source: 'list' } & FollowerStatus)
  | { readonly source: 'own' }
  | { readonly source: 'none' }

/** What is checked at each use of a token. */
type Use = {
  readonly token: string
  readonly kid: string
  readonly claims: AccessTokenClaims
  readonly subject: RevocableToken | null
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
  /** What rules compare of a token; null where nothing is compared. */
  subjectOf(kid: string, claims: AccessTokenClaims): Promise<RevocableToken | null>
  /** @throws TokenInvalid, VerifierUnavailable; undefined where there is nothing to wait for */
  check(use: Use): Promise<void> | undefined
  /** Before a token of an unknown key is refused: the list may name the keys of now. Never rejects. */
  refreshed(): Promise<void> | undefined
  revokedKeys(): string[]
  hasRevokedKey(kid: string): boolean
  /** @throws VerifierUnavailable */
  ready(options: ReadyOptions): Promise<void>
  status(): RevocationStatus
  /** Seconds by which the wall clock here is ahead of the issuer's; null where that is not known. */
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
  if (revocations === undefined) return followed(options, context)
  const source = revocations === 'none' ? 'none' : 'own'
  return {
    subjectOf: () => Promise.resolve(null),
    check: (use) => (revocations === 'none' ? undefined : ask(revocations, use)),
    refreshed: () => undefined,
    revokedKeys: () => [],
    hasRevokedKey: () => false,
    ready: (options) => keysReady(context, options),
    status: () => ({ source }),
    clockApart: () => null,
    close: () => {},
  }
}

const followed = (options: RevocationOptions, context: Context): Revocation => {
  const uri = `${options.issuer}/oauth/revocations`
  const follower = createFollower({
    ...context,
    uri,
    location: options.revocationsUri ?? uri,
    get: createGetBytes(options.fetch),
    maxStaleness: options.maxStaleness ?? DEFAULT_MAX_STALENESS_SECONDS,
    onStale: options.onStale ?? 'refuse',
    follow: options.follow ?? (isFrozenBetweenRequests() ? 'on-use' : 'background'),
  })
  return {
    ...follower,
    subjectOf: revocableTokenOf,
    check: ({ subject, claims, waitUntil }) => {
      if (subject === null) throw refusal('revocations_stale')
      return follower.check(subject, claims.exp, waitUntil)
    },
    status: () => ({ source: 'list', ...follower.status() }),
  }
}

const ask = async (source: RevocationSource, { token, kid, claims }: Use): Promise<void> => {
  let revoked: boolean
  try {
    const answer = source.isRevoked(claims, { kid, token })
    revoked =
      typeof answer === 'object' ? await inTime(answer, REVOCATION_TIMEOUT_MS, unanswered) : answer
  } catch (cause) {
    throw cause instanceof VerifierUnavailable ? cause : refusal('revocations_stale', { cause })
  }
  // Whatever is not a plain "no" is a "yes".
  if (revoked !== false) throw refusal('token_revoked')
}

const unanswered = (): never => {
  throw new Error('the revocation source did not answer in time')
}

/** Asks for the keys again for as long as the caller waits: issuer and resource server may start together. */
const keysReady = async (
  { keys, closed }: Pick<Context, 'keys' | 'closed'>,
  options: ReadyOptions,
): Promise<void> => {
  let failure: unknown = null
  const reach = async (ended: AbortFlag): Promise<boolean> => {
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
  if ((await reachIn(reach, options)) === true) return
  const cause = new Error('no keys came in time')
  throw failure ?? refusal('keys_unavailable', { cause })
}

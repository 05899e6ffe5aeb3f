// The public types of a verifier: its options, its methods, and its status.
import type { OnEvent } from './events.ts'
import type { KeysStatus } from './keys/key-source.ts'
import type { Fetch } from './net/fetch.ts'
import type { WaitUntil } from './revocation/following.ts'
import type { ReadyOptions } from './revocation/ready.ts'
import type { RevocationSource, RevocationStatus } from './revocation/source.ts'
import type { AuthorizationDetail, WantedAuthorization } from './token/details.ts'
import type { PluginsOfAudience, Requirements } from './token/requirements.ts'
import type { VerifiedToken } from './token/verified-token.ts'

export type VerifierOptions = {
  /** The authorization server: compared with `iss` letter by letter, and where the keys are. */
  issuer: string
  /** This resource server: compared with `aud` letter by letter. */
  audience: string
  /**
   * `'none'`: the audience has no plugins. Each call then says `plugin: noPlugin`, and may say nothing else. A token
   * may name a plugin all the same: the server puts the only plugin of a client into all of its tokens. It is not
   * looked at. Left out: the audience has plugins, and each call says which.
   */
  plugins?: 'none'
  /**
   * Who knows which tokens are revoked. Left out: the issuer's revocation list is followed. A source of your own
   * is asked at each use. `'none'`: nobody is asked, and a revoked token is good until it expires.
   */
  revocations?: RevocationSource | 'none'
  /** Where the list is asked for. Default: `<issuer>/oauth/revocations`, which it must say in any case. */
  revocationsUri?: string
  /** How old the list may be, in seconds, 60 to 86,400. Default: 300. After that see `onStale`. */
  maxStaleness?: number
  /**
   * What becomes of tokens while the list is too old, or has never been had: `'refuse'`, with 503
   * `revocations_stale`. `'accept'` lets tokens through that may have been revoked: whoever keeps the list from
   * arriving then also keeps revocation from holding. Default: `'refuse'`.
   */
  onStale?: 'refuse' | 'accept'
  /**
   * `'background'`: the list is followed by held requests, from when the verifier is made until `close`.
   * `'on-use'`: nothing runs between requests; each use sees to it that the list is new enough.
   * Default: `'on-use'` on platforms that freeze a process between requests or run nothing there (Cloudflare Workers,
   * AWS Lambda and others, see README), else `'background'`.
   */
  follow?: 'background' | 'on-use'
  /** Where the JWK Set is. Default: `<issuer>/.well-known/jwks.json`. */
  jwksUri?: string
  /** What tokens may be signed with; `EdDSA` and `Ed25519` (RFC 9864) are two names. Default: exactly `RS256`. */
  algorithms?: readonly string[]
  /** How far clocks may differ, in seconds, 0 to 60. Default: 5. */
  clockTolerance?: number
  /** How long keys are used when they cannot be fetched again, in seconds. Default: a day. */
  keysMaxStale?: number
  /** How many verified tokens are remembered. Default: 10,000; 0 for none. */
  maxRemembered?: number
  /**
   * Called once for each change: the list is not followed any more, is too old, is followed again; keys cannot be
   * fetched, or can again; a signing key is revoked. An event carries no token. A hook that fails changes nothing.
   */
  onEvent?: OnEvent
  /**
   * Outgoing HTTP. Default: `node:http` on Node, Bun and Deno, because a pending `fetch` holds a process open; the
   * global `fetch` elsewhere, and where the program has set it up: replaced it, its dispatcher or its proxy.
   */
  fetch?: Fetch
  /** Milliseconds since the epoch. Default: `Date.now`. */
  clock?: () => number
  /** Milliseconds that only ever grow. Default: `performance.now`. */
  monotonic?: () => number
}

export type Verifier = {
  /** As in the options: what `plugin` may be in calls. */
  readonly plugins?: PluginsOfAudience
  /**
   * Checks a bearer token for one request: form, signature, type, issuer, audience, time, revocation,
   * permission, plugin, run and capability, in this order; the first that fails decides the code.
   * Not checked: whether the request is what the token's client sent (that is TLS's job), and anything
   * about the client that the token does not say.
   * @param bearer the token itself, without `Bearer`; null or empty where the request has none
   * @param context `waitUntil` of the platform, where nothing runs between requests: what is fetched ahead of
   *   time is then fetched after the answer, and before it otherwise
   * @throws TokenMissing, TokenInvalid, AccessDenied, VerifierUnavailable; TypeError for a mistake of the caller
   */
  verify(
    bearer: string | null | undefined,
    required: Requirements,
    context?: VerifyContext,
  ): Promise<VerifiedToken>
  /**
   * The one entry of the token's `authorization_details` (RFC 9396) that grants what is wanted, frozen: what
   * its policy members ask for is the caller's to do. Without a part it is the only one that grants any, and
   * grants one, or `"*"`.
   * Not checked: time and revocation, as `verify` has just done it for the same request, and whether the
   * resource exists or has this part.
   * @param token as `verify` of this verifier has returned it
   * @throws AccessDenied `authorization_denied`, `authorization_ambiguous`; TypeError for a mistake of the caller
   */
  authorize(token: VerifiedToken, wanted: WantedAuthorization): AuthorizationDetail
  /**
   * Waits until the keys and, where it is followed, a list that is not too old are there: ten seconds, or
   * `timeoutMs`. Not needed before `verify`, which waits as well.
   * @throws VerifierUnavailable with the `cause`; the reason of `signal`; TypeError for a mistake of the caller
   */
  ready(options?: ReadyOptions): Promise<void>
  /** What is known right now; asks nobody. */
  status(): VerifierStatus
  /**
   * Ends following and every request that is under way, for the list and for the keys; none is made after. What waits
   * for them is refused at once. Tokens are checked against the keys and rules that are known until these are too old,
   * then refused with 503. Once is enough, twice does no harm.
   */
  close(): void
}

export type VerifyContext = { waitUntil?: WaitUntil | undefined }

export type VerifierStatus = {
  readonly revocations: RevocationStatus
  /**
   * Seconds by which the wall clock here is ahead of the issuer's, negative where it is behind, by the lists that the
   * issuer has signed, one that was refused as not of now among them; null where there is none.
   */
  readonly clockApart: number | null
  /** `revoked`: by a rule of the list, whether or not the issuer still publishes it. */
  readonly keys: readonly { readonly kid: string; readonly state: 'published' | 'revoked' }[]
  /** How old the keys are, and why newer ones cannot be had. */
  readonly jwks: KeysStatus
  /** Tokens whose signature need not be checked again; `hitRate` 0 to 1, null before the first token. */
  readonly remembered: {
    readonly size: number
    readonly hits: number
    readonly misses: number
    readonly hitRate: number | null
  }
}

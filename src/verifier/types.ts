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

/** Options of `createVerifier`. */
export type VerifierOptions = {
  /**
   * Origin of the authorization server: compared exactly with `iss`, and the base of its addresses
   * (RFC 8414 §2).
   */
  issuer: string
  /** Id of this resource server, compared exactly with `aud` (RFC 9068 §4). */
  audience: string
  /**
   * `'none'` for an audience without plugins. Each call must then pass `plugin: noPlugin`. A token
   * may name a plugin all the same, because the server writes the only plugin of a client into all
   * of its tokens; it is ignored. Omitted for an audience with plugins: each call must then state
   * the plugin.
   */
  plugins?: 'none'
  /**
   * Source of revocations. Omitted: the verifier follows the issuer's revocation list. A
   * `RevocationSource` of the application is asked at each use. `'none'` disables the check: a
   * revoked token is accepted until it expires.
   */
  revocations?: RevocationSource | 'none'
  /**
   * URL at which the list is requested. Default: `<issuer>/oauth/revocations`, which stays `iss`
   * and `aud` of the list.
   */
  revocationsUri?: string
  /**
   * Greatest age of the list in seconds, 60 to 86,400. Default: 300. After that `onStale` decides.
   */
  maxStaleness?: number
  /**
   * Treatment of tokens while the list is stale or missing. `'refuse'` answers 503
   * `revocations_stale`. `'accept'` accepts tokens that may have been revoked: an attacker who
   * blocks the list then also blocks revocation. Default: `'refuse'`.
   */
  onStale?: 'refuse' | 'accept'
  /**
   * `'background'` follows the list with held requests, from the creation of the verifier until
   * `close`. `'on-use'` runs nothing between requests: each use of a token makes sure that the list
   * is new enough. Default: `'on-use'` on platforms that freeze a process between requests or run
   * nothing there (Cloudflare Workers, AWS Lambda and others, see README), otherwise
   * `'background'`.
   */
  follow?: 'background' | 'on-use'
  /** Address of the JWK Set (RFC 7517 §5). Default: `<issuer>/.well-known/jwks.json`. */
  jwksUri?: string
  /**
   * Accepted signature algorithms. `EdDSA` and `Ed25519` (RFC 9864) are two names. Default: `RS256`
   * alone.
   */
  algorithms?: readonly string[]
  /** Tolerated difference of clocks in seconds, 0 to 60. Default: 5. */
  clockTolerance?: number
  /** Seconds for which keys stay in use while they cannot be fetched again. Default: 86,400. */
  keysMaxStale?: number
  /** Number of verified tokens that are remembered. Default: 10,000; 0 for none. */
  maxRemembered?: number
  /**
   * Called once for each change: the list cannot be followed, is stale, is followed again; keys
   * cannot be fetched, or can again; a signing key is revoked. An event carries no token. An error
   * of the hook is ignored.
   */
  onEvent?: OnEvent
  /**
   * Sends requests to the issuer. Default: `node:http` on Node, Bun and Deno, because a pending
   * `fetch` keeps a process alive; the global `fetch` elsewhere, and where the program has replaced
   * it or configured its dispatcher or proxy.
   */
  fetch?: Fetch
  /** Milliseconds since the epoch. Default: `Date.now`. */
  clock?: () => number
  /** Milliseconds of a clock that never runs backwards. Default: `performance.now`. */
  monotonic?: () => number
}

/** A verifier for one issuer and one audience. */
export type Verifier = {
  /** The option `plugins`, which decides what `plugin` may be in calls. */
  readonly plugins?: PluginsOfAudience
  /**
   * Checks a bearer token for one request: form, signature, type, issuer, audience, time,
   * revocation, permission, plugin, run and capability, in this order. The first failed check
   * decides the code. Not checked: whether the request comes from the token's client (that is TLS's
   * job), and facts about the client that the token does not state.
   * @param bearer the token without `Bearer`; null or empty for a request without one
   * @param context `waitUntil` of a platform that runs nothing between requests: data is then
   *   refreshed after the response, and before it otherwise
   * @throws TokenMissing, TokenInvalid, AccessDenied, VerifierUnavailable; TypeError for a mistake
   *   of the caller
   * @example
   * const token = await verifier.verify(bearer, { permission: 'hook:track', plugin: 'acme.sync' })
   * console.log(token.clientId, token.jti)
   */
  verify(
    bearer: string | null | undefined,
    required: Requirements,
    context?: VerifyContext,
  ): Promise<VerifiedToken>
  /**
   * Finds the one entry of the token's `authorization_details` (RFC 9396) that grants the wanted
   * authorization. The entry is frozen; the caller applies its policy members. For a request
   * without a part, the entry must be the only one with parts, and grant one part or `"*"`. Not
   * checked: time and revocation, which `verify` has just checked for the same request, and whether
   * the resource exists or has this part.
   * @param token returned by `verify` of this verifier
   * @throws AccessDenied `authorization_denied`, `authorization_ambiguous`; TypeError for a mistake
   *   of the caller
   * @example
   * const wanted = { type: 'document', identifier: 'doc-1', action: 'read', part: undefined }
   * const detail = verifier.authorize(token, wanted)
   */
  authorize(token: VerifiedToken, wanted: WantedAuthorization): AuthorizationDetail
  /**
   * Waits until the keys and, where a list is followed, a good list have arrived: 10,000
   * milliseconds, or `timeoutMs`. Optional, because `verify` waits as well.
   * @throws VerifierUnavailable with the `cause`; the reason of `signal`; TypeError for a mistake
   *   of the caller
   * @example
   * await verifier.ready({ timeoutMs: 30_000 })
   */
  ready(options?: ReadyOptions): Promise<void>
  /**
   * The current state of keys, list and remembered tokens. Sends no request.
   * @example
   * const { revocations, jwks } = verifier.status()
   * if (revocations.source === 'list' && revocations.stale) console.warn(revocations.lastFailure)
   * if (jwks.stale) console.warn(jwks.lastFailureCode)
   */
  status(): VerifierStatus
  /**
   * Ends following and aborts every request under way, for the list and for the keys. Tokens that
   * wait for them are refused at once. Later tokens are checked against the keys and rules at hand
   * until these are stale, and then refused with 503. A second call has no effect.
   * @example
   * process.once('SIGTERM', () => verifier.close())
   */
  close(): void
}

/** Data that the platform passes with a request. */
export type VerifyContext = {
  /** Keeps a request's work alive after its response: `ctx.waitUntil` of Cloudflare Workers. */
  waitUntil?: WaitUntil | undefined
}

/** The state of a verifier. */
export type VerifierStatus = {
  readonly revocations: RevocationStatus
  /**
   * Seconds by which the wall clock of this server is ahead of the issuer's, negative if it is
   * behind. Computed from signed lists, a list that was refused for its time included; null without
   * a list.
   */
  readonly clockApart: number | null
  /** `revoked`: by a rule of the list, whether or not the issuer still publishes the key. */
  readonly keys: readonly { readonly kid: string; readonly state: 'published' | 'revoked' }[]
  /** The age of the keys, and why newer ones are missing. */
  readonly jwks: KeysStatus
  /**
   * Tokens whose signature is not verified again; `hitRate` is 0 to 1, null before the first token.
   */
  readonly remembered: {
    readonly size: number
    readonly hits: number
    readonly misses: number
    readonly hitRate: number | null
  }
}

// createVerifier: the checks, in the order that decides the code.
import {
  type PluginsOfAudience,
  type Requirements,
  checkRequirements,
} from './token/requirements.ts'
import { checkTime } from './token/claims.ts'
import { clocksOf } from './net/clocks.ts'
import { DEFAULT_CLOCK_TOLERANCE_SECONDS, DEFAULT_MAX_REMEMBERED } from './constants.ts'
import {
  type AuthorizationDetail,
  type WantedAuthorization,
  chooseDetail,
} from './token/details.ts'
import { createAbortFlag } from './net/abort-flag.ts'
import { refusal } from './errors.ts'
import { type OnEvent, createReporter } from './events.ts'
import { issuerKeys } from './keys/issuer-keys.ts'
import type { KeyName, VerificationKey } from './keys/jwk.ts'
import type { Fetch } from './keys/jwks.ts'
import type { KeysStatus } from './keys/key-source.ts'
import { createTokenCache } from './token/cache.ts'
import { checkOptions, checkRequirementsSaid, checkWantedSaid } from './options.ts'
import type { WaitUntil } from './revocation/on-use.ts'
import { type ReadyOptions, checkReadyOptions } from './revocation/ready.ts'
import {
  type RevocationSource,
  type RevocationStatus,
  createRevocation,
} from './revocation/source.ts'
import type { RevocableToken } from './revocation/token-subject.ts'
import { type Signed, verifySignature } from './token/signature.ts'
import type { AccessTokenClaims } from './token/parse.ts'

export type { RevocationSource, RevocationStatus }

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

/** A token that has passed. Frozen: it is shared by all requests that carry it. */
export type VerifiedToken = {
  readonly clientId: string
  readonly permissions: readonly string[]
  readonly pluginId: string | null
  /** The tenant that its client belongs to; null where the token names none, and is of no tenant. */
  readonly workspaceId: string | null
  /** The token's id (RFC 7519 §4.1.7): names it in logs, where its text must not stand. */
  readonly jti: string
  /** When it expires, in seconds since the epoch. */
  readonly expiresAt: number
  readonly claims: AccessTokenClaims
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

type Remembered = Signed & { readonly subject: RevocableToken | null }

/**
 * A verifier for one issuer and one audience. Make it once and keep it: it holds the keys and remembers tokens.
 * Following the list begins at once with `follow: 'background'`, and with the first token with `'on-use'`. Keys are
 * fetched with the first list; where no list is followed, with the first token.
 * @throws TypeError where an option is missing or out of bounds
 */
export const createVerifier = (options: VerifierOptions): Verifier => {
  checkOptions(options)
  const { issuer, audience, plugins, algorithms = ['RS256'] } = options
  const { clock, monotonic } = clocksOf(options)
  const policy = {
    issuer,
    audience,
    clockTolerance: options.clockTolerance ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
  }
  const closing = createAbortFlag()
  const report = createReporter(options.onEvent)
  const keys = issuerKeys(options, { algorithms, monotonic, report, closed: closing })
  const memory = createTokenCache<Remembered>(options.maxRemembered ?? DEFAULT_MAX_REMEMBERED)
  const uses = { hits: 0, misses: 0 }
  const revocation = createRevocation(options, {
    keys,
    clock,
    monotonic,
    report,
    closed: closing,
    onKeyRevoked(kid) {
      memory.deleteWhere(({ key }) => key.kid === kid)
      report.keyRevoked(kid)
    },
  })
  /** What `verify` has let pass: an object that only looks like a token, or another verifier's, says nothing. */
  const passed = new WeakSet<VerifiedToken>()

  /**
   * Where the list is followed on use, the keys at hand may be a cache's after all keys were revoked, and the list
   * names the keys of now. A key that a rule revokes is asked for no more: its tokens are revoked, whether or not the
   * issuer still publishes it.
   */
  const findKey = async (name: KeyName): Promise<VerificationKey | null> => {
    if (revocation.hasRevokedKey(name.kid)) {
      const held = keys.held(name)
      if (held === undefined) throw refusal('token_revoked')
      return held
    }
    const looking = keys.find(name)
    const found = await looking.catch(() => null)
    // Without any key the list cannot be verified either: a silent issuer is waited for once.
    const lookFurther = found === null && keys.list().length > 0
    const refreshed = lookFurther ? revocation.refreshed() : undefined
    if (refreshed === undefined) return looking
    await refreshed
    return keys.find(name)
  }

  /** Signature, type, issuer and audience stay what they were; nothing else of an earlier use counts. */
  const authenticate = async (bearer: string): Promise<Remembered> => {
    const known = memory.get(bearer)
    if (known !== undefined) {
      if ((keys.peek(known.key) ?? (await findKey(known.key))) === known.key) {
        uses.hits += 1
        return known
      }
      memory.delete(bearer) // its key has left the set
    }
    uses.misses += 1
    const verified = await verifySignature(bearer, { algorithms, findKey, policy })
    checkTime(verified.token.claims, policy, clock() / 1000) // what has expired is not worth remembering
    const { key, token } = verified
    const remembered = { ...verified, subject: await revocation.subjectOf(key.kid, token.claims) }
    if (!revocation.hasRevokedKey(key.kid)) memory.set(bearer, remembered)
    return remembered
  }

  return {
    plugins,
    async verify(bearer, required, { waitUntil } = {}) {
      checkRequirementsSaid(required, plugins)
      if (bearer === null || bearer === undefined || bearer === '') throw refusal('token_missing')
      if (typeof bearer !== 'string') throw refusal('token_malformed')
      const authenticated = await authenticate(bearer)
      const { subject, token, key } = authenticated
      const { claims } = token
      checkTime(claims, policy, clock() / 1000)
      const use = { token: bearer, kid: key.kid, claims, subject, waitUntil }
      const checking = revocation.check(use)
      if (checking !== undefined) await checking
      checkRequirements(claims, required, plugins)
      passed.add(token)
      return token
    },
    authorize(token, wanted) {
      checkWantedSaid(wanted)
      if (!passed.has(token)) throw new TypeError('token must be one that this verifier returned')
      return chooseDetail(token.claims, wanted)
    },
    async ready(options = {}) {
      checkReadyOptions(options)
      await revocation.ready(options)
    },
    status() {
      const revoked = revocation.revokedKeys()
      const published = keys.list().map(({ kid }) => kid)
      const all = [...new Set([...published, ...revoked])]
      const { hits, misses } = uses
      const hitRate = hits + misses === 0 ? null : hits / (hits + misses)
      return {
        revocations: revocation.status(),
        clockApart: revocation.clockApart(),
        keys: all.map((kid) => ({ kid, state: revoked.includes(kid) ? 'revoked' : 'published' })),
        jwks: keys.status(),
        remembered: { size: memory.size, hits, misses, hitRate },
      }
    },
    close() {
      report.close()
      revocation.close()
      closing.abort()
    },
  }
}

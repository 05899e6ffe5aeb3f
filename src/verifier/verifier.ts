// createVerifier: the checks, in the order that decides the code.
import { compactVerify } from 'jose'
import { type Requirements, checkRequirements, permissionsOf, pluginOf } from './authorization.ts'
import { type Policy, checkOrigin, checkTime } from './claims.ts'
import {
  DEFAULT_CLOCK_TOLERANCE_SECONDS,
  DEFAULT_KEYS_MAX_STALE_SECONDS,
  DEFAULT_MAX_REMEMBERED,
  REVOCATION_TIMEOUT_MS,
} from './constants.ts'
import { type AuthorizationDetail, type WantedAuthorization, chooseDetail } from './details.ts'
import { VerifierUnavailable, refusal } from './errors.ts'
import { type Fetch, type VerificationKey, fetchKeys } from './jwks.ts'
import { type KeySource, createKeySource } from './keys.ts'
import { createMemory } from './memory.ts'
import { checkOptions, checkRequirementsSaid, checkWantedSaid } from './options.ts'
import { inTime } from './timeout.ts'
import { type AccessTokenClaims, parseToken } from './token.ts'

/** Says whether a token has been taken back. What it throws is answered with 503, never taken for "no". */
export type RevocationSource = {
  isRevoked(
    claims: AccessTokenClaims,
    /** The key that signed it, and its text for a source that asks somebody else. Never key a rule on the text. */
    of: { readonly kid: string; readonly token: string },
  ): boolean | Promise<boolean>
}

export type VerifierOptions = {
  /** The authorization server: compared with `iss` letter by letter, and where the keys are. */
  issuer: string
  /** This resource server: compared with `aud` letter by letter. */
  audience: string
  /** Who knows which tokens are revoked; `'none'`: nobody is asked, and a revoked token is good until it expires. */
  revocations: RevocationSource | 'none'
  /** Where the JWK Set is. Default: `<issuer>/.well-known/jwks.json`. */
  jwksUri?: string
  /** What tokens may be signed with. Default: exactly `RS256`. */
  algorithms?: readonly string[]
  /** How far clocks may differ, in seconds, 0 to 60. Default: 5. */
  clockTolerance?: number
  /** How long keys are used when they cannot be fetched again, in seconds. Default: a day. */
  keysMaxStale?: number
  /** How many verified tokens are remembered. Default: 10,000; 0 for none. */
  maxRemembered?: number
  /** Outgoing HTTP. Default: the global `fetch`. */
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
  /** When it expires, in seconds since the epoch. */
  readonly expiresAt: number
  readonly claims: AccessTokenClaims
}

export type Verifier = {
  /**
   * Checks a bearer token for one request: form, signature, type, issuer, audience, time, revocation,
   * permission, plugin, run and capability, in this order; the first that fails decides the code.
   * Not checked: whether the request is what the token's client sent (that is TLS's job), and anything
   * about the client that the token does not say.
   * @param bearer the token itself, without `Bearer`; null or empty where the request has none
   * @throws TokenMissing, TokenInvalid, AccessDenied, VerifierUnavailable; TypeError for a mistake of the caller
   */
  verify(bearer: string | null | undefined, required: Requirements): Promise<VerifiedToken>
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
}

type Remembered = { readonly key: VerificationKey; readonly token: VerifiedToken }

/**
 * A verifier for one issuer and one audience. Make it once and keep it: it holds the keys and remembers tokens.
 * Starts nothing; the keys are fetched with the first token.
 * @throws TypeError where an option is missing or out of bounds
 */
export const createVerifier = (options: VerifierOptions): Verifier => {
  checkOptions(options)
  const { issuer, audience, revocations, algorithms = ['RS256'] } = options
  const clock = options.clock ?? Date.now
  const policy = {
    issuer,
    audience,
    clockTolerance: options.clockTolerance ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
  }
  const keys = keySourceOf(options, algorithms)
  const memory = createMemory<Remembered>(options.maxRemembered ?? DEFAULT_MAX_REMEMBERED)
  /** What `verify` has let pass: an object that only looks like a token, or another verifier's, says nothing. */
  const passed = new WeakSet<VerifiedToken>()

  /** Signature, type, issuer and audience stay what they were; nothing else of an earlier use counts. */
  const authenticate = async (bearer: string): Promise<Remembered> => {
    const known = memory.get(bearer)
    if (known !== undefined) {
      const { kid } = known.key
      if ((keys.peek(kid) ?? (await keys.find(kid))) === known.key) return known
      memory.delete(bearer) // its key has left the set
    }
    const verified = await verifySignature(bearer, { algorithms, keys, policy })
    checkTime(verified.token.claims, policy, clock() / 1000) // what has expired is not worth remembering
    memory.set(bearer, verified)
    return verified
  }

  return {
    async verify(bearer, required) {
      checkRequirementsSaid(required)
      if (bearer === null || bearer === undefined || bearer === '') throw refusal('token_missing')
      if (typeof bearer !== 'string') throw refusal('token_malformed')
      const authenticated = await authenticate(bearer)
      const { claims } = authenticated.token
      checkTime(claims, policy, clock() / 1000)
      if (revocations !== 'none') await checkRevocation(revocations, bearer, authenticated)
      checkRequirements(claims, required)
      passed.add(authenticated.token)
      return authenticated.token
    },
    authorize(token, wanted) {
      checkWantedSaid(wanted)
      if (!passed.has(token)) throw new TypeError('token must be one that this verifier returned')
      return chooseDetail(token.claims, wanted)
    },
  }
}

const keySourceOf = (options: VerifierOptions, algorithms: readonly string[]): KeySource =>
  createKeySource({
    load: () => {
      const fetch = options.fetch ?? globalThis.fetch
      const url = options.jwksUri ?? `${options.issuer}/.well-known/jwks.json`
      return fetchKeys(url, { fetch, algorithms })
    },
    monotonic: options.monotonic ?? (() => performance.now()),
    maxStaleMs: (options.keysMaxStale ?? DEFAULT_KEYS_MAX_STALE_SECONDS) * 1000,
  })

type SignatureContext = { algorithms: readonly string[]; keys: KeySource; policy: Policy }

const verifySignature = async (
  bearer: string,
  { algorithms, keys, policy }: SignatureContext,
): Promise<Remembered> => {
  const { algorithm, kid, claims } = parseToken(bearer, algorithms)
  const key = await keys.find(kid)
  if (key === null || key.algorithm !== algorithm) throw refusal('token_untrusted')
  try {
    await compactVerify(bearer, key.key, { algorithms: [algorithm] })
  } catch (cause) {
    throw refusal('token_untrusted', { cause })
  }
  checkOrigin(claims, policy)
  const token = deepFreeze({
    clientId: claims.client_id,
    permissions: permissionsOf(claims),
    pluginId: pluginOf(claims),
    expiresAt: claims.exp,
    claims,
  })
  return { key, token }
}

const checkRevocation = async (
  source: RevocationSource,
  bearer: string,
  { key, token }: Remembered,
): Promise<void> => {
  let revoked: boolean
  try {
    const answer = source.isRevoked(token.claims, { kid: key.kid, token: bearer })
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

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}

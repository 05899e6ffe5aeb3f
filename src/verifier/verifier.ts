// createVerifier: the checks, in the order that decides the code.
import { DEFAULT_CLOCK_TOLERANCE_SECONDS, DEFAULT_MAX_REMEMBERED } from './constants.ts'
import { refusal } from './errors.ts'
import { createReporter } from './events.ts'
import { issuerKeys } from './keys/issuer-keys.ts'
import type { KeyName, VerificationKey } from './keys/jwk.ts'
import { createAbortFlag } from './net/abort-flag.ts'
import { clocksOf } from './net/clocks.ts'
import { checkOptions } from './options.ts'
import { checkReadyOptions } from './revocation/ready.ts'
import { createRevocation } from './revocation/source.ts'
import type { RevocableToken } from './revocation/token-subject.ts'
import { createTokenCache } from './token/cache.ts'
import { checkTime } from './token/claims.ts'
import { chooseDetail } from './token/details.ts'
import { checkRequirementsSaid, checkWantedSaid } from './token/requirement-checks.ts'
import { checkRequirements } from './token/requirements.ts'
import { type Signed, verifySignature } from './token/signature.ts'
import type { VerifiedToken } from './token/verified-token.ts'
import type { Verifier, VerifierOptions } from './types.ts'

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

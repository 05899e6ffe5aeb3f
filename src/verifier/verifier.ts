// Creates a verifier: the checks of a token, in the order that decides the code of a refusal.
import { type Authenticated, createAuthenticator } from './authenticate.ts'
import { DEFAULT_CLOCK_TOLERANCE_SECONDS, DEFAULT_MAX_REMEMBERED } from './constants.ts'
import { refusal } from './errors.ts'
import { createReporter } from './events.ts'
import { isPromise } from './eventual.ts'
import { issuerKeys } from './keys/issuer-keys.ts'
import { createAbortFlag } from './net/abort-flag.ts'
import { clocksOf } from './net/clocks.ts'
import { checkOptions } from './options.ts'
import { checkReadyOptions } from './revocation/ready.ts'
import { createRevocation } from './revocation/source.ts'
import { createTokenCache } from './token/cache.ts'
import { checkTime } from './token/claims.ts'
import { chooseDetail } from './token/details.ts'
import { createTokenParser } from './token/parse.ts'
import { validateRequirements, validateWanted } from './token/requirement-checks.ts'
import { checkRequirements } from './token/requirements.ts'
import type { VerifiedToken } from './token/verified-token.ts'
import type { Verifier, VerifierOptions, VerifierStatus } from './types.ts'

/**
 * Creates a verifier of access tokens (RFC 9068) for one issuer and one audience. Create it once
 * and keep it, because it holds the keys and remembers tokens. Following the list begins at once
 * with `follow: 'background'`, and with the first token with `'on-use'`. Keys are fetched with the
 * first list; without a list, with the first token.
 * @throws TypeError for an option that is missing or out of its range
 * @example
 * const verifier = createVerifier({ issuer: 'https://auth.example', audience: 'hook' })
 * const bearer = bearerOf(request.headers.get('authorization'))
 * const token = await verifier.verify(bearer, { permission: 'hook:track', plugin: anyPlugin })
 */
export const createVerifier = (options: VerifierOptions): Verifier => {
  checkOptions(options)
  const { issuer, audience, plugins, algorithms = ['RS256'] } = options
  const { clock, monotonic } = clocksOf(options)
  const clockTolerance = options.clockTolerance ?? DEFAULT_CLOCK_TOLERANCE_SECONDS
  const policy = { issuer, audience, clockTolerance }
  const closed = createAbortFlag()
  const report = createReporter(options.onEvent)
  const keys = issuerKeys(options, { algorithms, monotonic, report, closed })
  const cache = createTokenCache<Authenticated>(options.maxRemembered ?? DEFAULT_MAX_REMEMBERED)
  const onKeyRevoked = (kid: string): void => {
    cache.deleteWhere(({ key }) => key.kid === kid)
    report.keyRevoked(kid)
  }
  const context = { keys, clock, monotonic, report, closed, onKeyRevoked }
  const revocation = createRevocation(options, context)
  const now = (): number => clock() / 1000
  /**
   * Tokens that this verifier has made, which only `verify` returns: `authorize` refuses another
   * verifier's token, and an object made to look like one.
   */
  const verified = new WeakSet<VerifiedToken>()
  const parse = createTokenParser(algorithms)
  const parts = { parse, policy, keys, revocation, cache, now }
  const authenticator = createAuthenticator({ ...parts, onNew: (token) => verified.add(token) })
  return {
    plugins,
    async verify(bearer, required, { waitUntil } = {}) {
      validateRequirements(required, plugins)
      if (bearer === null || bearer === undefined || bearer === '') {
        throw refusal({ kind: 'token_missing' })
      }
      if (typeof bearer !== 'string') throw refusal({ kind: 'token_not_text' })
      const authenticating = authenticator.authenticate(bearer)
      const { revocable, token, key } = isPromise(authenticating)
        ? await authenticating
        : authenticating
      const { claims } = token
      checkTime(claims, policy, now())
      const use = { token: bearer, kid: key.kid, claims, revocable, waitUntil }
      const checking = revocation.check(use)
      if (checking !== undefined) await checking
      checkRequirements(token, required, plugins)
      return token
    },
    authorize(token, wanted) {
      validateWanted(wanted)
      if (!verified.has(token)) throw new TypeError('token must be one that this verifier returned')
      return chooseDetail(token.claims, wanted)
    },
    async ready(options = {}) {
      checkReadyOptions(options)
      await revocation.ready(options)
    },
    status: () => ({
      revocations: revocation.status(),
      clockApart: revocation.clockApart(),
      keys: keyStates(keys.list(), revocation.revokedKeys()),
      jwks: keys.status(),
      remembered: authenticator.status(),
    }),
    close() {
      report.close()
      revocation.close()
      closed.abort()
    },
  }
}

const keyStates = (
  published: readonly { kid: string }[],
  revoked: readonly string[],
): VerifierStatus['keys'] => {
  const kids = new Set([...published.map(({ kid }) => kid), ...revoked])
  return [...kids].map((kid) => ({ kid, state: revoked.includes(kid) ? 'revoked' : 'published' }))
}

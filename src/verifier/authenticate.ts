// Authenticates a token: verifies its signature once, and remembers the token until its key leaves
// the key set.
import { refusal } from './errors.ts'
import { type Eventual, whenAtHand } from './eventual.ts'
import type { KeyName, VerificationKey } from './keys/jwk.ts'
import type { KeySource } from './keys/key-source.ts'
import type { RevocableToken } from './revocation/revocable-token.ts'
import type { Revocation } from './revocation/source.ts'
import type { TokenCache } from './token/cache.ts'
import { type Policy, checkTime } from './token/claims.ts'
import type { TokenParser } from './token/parse.ts'
import { type Signed, verifySignature } from './token/signature.ts'
import type { VerifiedToken } from './token/verified-token.ts'
import type { VerifierStatus } from './types.ts'

/** A token with a verified signature, and its facts that revocation rules compare. */
export type Authenticated = Signed & { readonly revocable: RevocableToken | null }

type Context = {
  readonly parse: TokenParser
  readonly policy: Policy
  readonly keys: KeySource
  readonly revocation: Revocation
  readonly cache: TokenCache<Authenticated>
  /** Seconds since the epoch. */
  readonly now: () => number
  /** Called with each token that is made. */
  readonly onNew: (token: VerifiedToken) => void
}

export type Authenticator = {
  /** @throws TokenInvalid, VerifierUnavailable */
  authenticate(bearer: string): Eventual<Authenticated>
  status(): VerifierStatus['remembered']
}

export const createAuthenticator = (context: Context): Authenticator => {
  const { cache } = context
  const uses = { hits: 0, misses: 0 }
  const authenticateNew = (bearer: string): Eventual<Authenticated> => {
    uses.misses += 1
    return whenAtHand(verifyNew(context, bearer), (authenticated) => {
      context.onNew(authenticated.token)
      if (!context.revocation.hasRevokedKey(authenticated.key.kid)) cache.set(bearer, authenticated)
      return authenticated
    })
  }
  return {
    /**
     * Signature, type, issuer and audience cannot change. Time and revocation are checked again at
     * each use.
     */
    authenticate(bearer) {
      const remembered = cache.get(bearer)
      if (remembered === undefined) return authenticateNew(bearer)
      const { key } = remembered
      const current = context.keys.holds(key) ? key : findKey(context, key)
      return whenAtHand(current, (found) => {
        if (found === key) {
          uses.hits += 1
          return remembered
        }
        cache.delete(bearer) // the key has left the set
        return authenticateNew(bearer)
      })
    },
    status() {
      const { hits, misses } = uses
      const hitRate = hits + misses === 0 ? null : hits / (hits + misses)
      return { size: cache.size, hits, misses, hitRate }
    },
  }
}

/** @throws TokenInvalid, VerifierUnavailable */
const verifyNew = (context: Context, bearer: string): Eventual<Authenticated> => {
  const { parse, policy, revocation, now } = context
  const findKey = (name: KeyName) => keyAtHand(context, name)
  return whenAtHand(verifySignature(bearer, { parse, findKey, policy }), (signed) => {
    const { key, token } = signed
    checkTime(token.claims, policy, now()) // an expired token is not worth remembering
    return whenAtHand(revocation.revocableOf(key.kid, token.claims), (revocable) => ({
      ...signed,
      revocable,
    }))
  })
}

/** The key of a token: without waiting where the keys at hand are recent. */
const keyAtHand = (context: Context, name: KeyName): Eventual<VerificationKey | null> =>
  context.keys.peek(name) ?? findKey(context, name)

/**
 * Finds the key of a token. Where the list is followed on use, keys from a cache may be outdated
 * after the revocation of all keys, and the list names the current ones. A revoked key is not
 * requested any more: its tokens are revoked, whether or not the issuer still publishes it.
 */
const findKey = async (
  { keys, revocation }: Context,
  name: KeyName,
): Promise<VerificationKey | null> => {
  if (revocation.hasRevokedKey(name.kid)) {
    const held = keys.held(name)
    if (held === undefined) throw refusal({ kind: 'key_revoked', rule: name.kid })
    return held
  }
  const finding = keys.find(name)
  const found = await finding.catch(() => null)
  // Tokens wait for a silent issuer once, not twice: the list cannot be verified without a key
  // either.
  const isUnknown = found === null && keys.list().length > 0
  const refreshed = isUnknown ? revocation.refreshed() : undefined
  if (refreshed === undefined) return finding
  await refreshed
  return keys.find(name)
}

// Authenticates a token: verifies its signature once, and remembers the token until its key leaves
// the key set.
import { refusal } from './errors.ts'
import type { KeyName, VerificationKey } from './keys/jwk.ts'
import type { KeySource } from './keys/key-source.ts'
import type { RevocableToken } from './revocation/revocable-token.ts'
import type { Revocation } from './revocation/source.ts'
import type { TokenCache } from './token/cache.ts'
import { type Policy, checkTime } from './token/claims.ts'
import { type Signed, verifySignature } from './token/signature.ts'
import type { VerifierStatus } from './types.ts'

/** A token with a verified signature, and its facts that revocation rules compare. */
export type Authenticated = Signed & { readonly revocable: RevocableToken | null }

type Context = {
  readonly algorithms: readonly string[]
  readonly policy: Policy
  readonly keys: KeySource
  readonly revocation: Revocation
  readonly cache: TokenCache<Authenticated>
  /** Seconds since the epoch. */
  readonly now: () => number
}

export type Authenticator = {
  /** @throws TokenInvalid, VerifierUnavailable */
  authenticate(bearer: string): Promise<Authenticated>
  status(): VerifierStatus['remembered']
}

export const createAuthenticator = (context: Context): Authenticator => {
  const { keys, cache } = context
  const uses = { hits: 0, misses: 0 }
  const findTokenKey = (name: KeyName) => findKey(context, name)
  return {
    /**
     * Signature, type, issuer and audience cannot change. Time and revocation are checked again at
     * each use.
     */
    async authenticate(bearer) {
      const remembered = cache.get(bearer)
      if (remembered !== undefined) {
        const { key } = remembered
        if ((keys.peek(key) ?? (await findTokenKey(key))) === key) {
          uses.hits += 1
          return remembered
        }
        cache.delete(bearer) // the key has left the set
      }
      uses.misses += 1
      return authenticateNew(context, bearer, findTokenKey)
    },
    status() {
      const { hits, misses } = uses
      const hitRate = hits + misses === 0 ? null : hits / (hits + misses)
      return { size: cache.size, hits, misses, hitRate }
    },
  }
}

const authenticateNew = async (
  { algorithms, policy, revocation, cache, now }: Context,
  bearer: string,
  findTokenKey: KeySource['find'],
): Promise<Authenticated> => {
  const signed = await verifySignature(bearer, { algorithms, findKey: findTokenKey, policy })
  const { key, token } = signed
  checkTime(token.claims, policy, now()) // an expired token is not worth remembering
  const revocable = await revocation.revocableOf(key.kid, token.claims)
  const authenticated = { ...signed, revocable }
  if (!revocation.hasRevokedKey(key.kid)) cache.set(bearer, authenticated)
  return authenticated
}

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

// What the key states mean (design: Keys). Pure: no I/O.
import { JWKS_MAX_AGE_SECONDS } from '../constants.ts'
import type { KeyState, SigningKey } from '../store/store.ts'
import type { Algorithm } from './algorithms.ts'

/** Signatures of keys in these states are good; of others never. */
const PUBLISHED: readonly KeyState[] = ['active', 'next', 'retiring']

/** In the order of `PUBLISHED`: whoever takes the first key of a set, takes the one that signs. */
export const publishedKeys = (keys: readonly SigningKey[]): SigningKey[] =>
  PUBLISHED.flatMap((state) => keys.filter((key) => key.state === state))

/** The JWK Set (RFC 7517 §5): public members only, written out one by one. */
export const publicJwks = (keys: readonly SigningKey[]): { keys: Record<string, unknown>[] } => ({
  keys: publishedKeys(keys).map(({ kid, algorithm, publicJwk }) => {
    const { kty, n, e, crv, x, y } = publicJwk
    return { kty, n, e, crv, x, y, kid, alg: algorithm, use: 'sig' }
  }),
})

/** Seconds for which a cache may keep the JWKS: no change is ever due at a known time yet. */
export const jwksMaxAge = (): number => JWKS_MAX_AGE_SECONDS

/** The places that are empty: one entry for each key to make. */
export const missingKeys = (
  keys: readonly SigningKey[],
  algorithms: readonly Algorithm[],
): Algorithm[] =>
  algorithms.flatMap((algorithm) =>
    (['active', 'next'] as const)
      .filter((state) => !keys.some((key) => key.algorithm === algorithm && key.state === state))
      .map(() => algorithm),
  )

/** One candidate for each place that revoking `kids` empties; a next key moves up where the active one goes. */
export const replacementsFor = (
  keys: readonly SigningKey[],
  kids: readonly string[],
): Algorithm[] =>
  keys
    .filter((key) => kids.includes(key.kid) && (key.state === 'active' || key.state === 'next'))
    .map((key) => key.algorithm)

// The meaning of key states, and the steps that are due (design: Keys). Pure: no I/O.
import {
  JWKS_EMERGENCY_MAX_AGE_SECONDS,
  JWKS_EMERGENCY_SECONDS,
  JWKS_MAX_AGE_SECONDS,
  JWKS_MIN_AGE_SECONDS,
  KEY_RETIREMENT_SECONDS,
  MIN_NEXT_AGE_SECONDS,
} from '../constants.ts'
import type { KeyState, Promotion, SigningKey } from '../store/store.ts'
import { type Algorithm, rs256First } from './algorithms.ts'

/** Signatures of keys in these states are valid. Signatures of other keys are not. */
const PUBLISHED: readonly KeyState[] = ['active', 'next', 'retiring']

/** The plan for keys. All times here are in seconds since the epoch. */
export type KeyPlan = {
  algorithms: readonly Algorithm[]
  /** Seconds for which a key signs before the next one takes over; null: until an administrator rotates. */
  rotationSeconds: number | null
}

/** A step that is due. Where several processes try it, one of them does it. */
export type KeyStep =
  | { step: 'remove'; kid: string }
  | { step: 'create'; algorithm: Algorithm }
  | ({ step: 'promote'; algorithm: Algorithm } & Promotion)

/** The time at which all tokens that a retiring key has signed have expired; null for a key in another state. */
export const goneAt = (key: Pick<SigningKey, 'state' | 'retiredAt'>): number | null =>
  key.state === 'retiring' ? (key.retiredAt ?? 0) + KEY_RETIREMENT_SECONDS : null

/** True for a retiring key whose time is over, whether or not its row has been deleted. */
export const isGone = (key: Pick<SigningKey, 'state' | 'retiredAt'>, now: number): boolean =>
  (goneAt(key) ?? Infinity) <= now

/** The time at which every verifier has fetched a next key, so that it may sign; null for a key in another state. */
export const promotableAt = (key: Pick<SigningKey, 'state' | 'createdAt'>): number | null =>
  key.state === 'next' ? key.createdAt + MIN_NEXT_AGE_SECONDS : null

/** RS256 first, then in the order of `PUBLISHED`: a reader that uses the first key gets the one that signs. */
export const publishedKeys = (keys: readonly SigningKey[], now: number): SigningKey[] =>
  rs256First(
    PUBLISHED.flatMap((state) => keys.filter((key) => key.state === state && !isGone(key, now))),
    ({ algorithm }) => algorithm,
  )

/** The JWK Set (RFC 7517 §5): public members only, written out one by one. */
export const publicJwks = (
  keys: readonly SigningKey[],
  now: number,
): { keys: Record<string, unknown>[] } => ({
  keys: publishedKeys(keys, now).map(({ kid, algorithm, publicJwk }) => {
    const { kty, n, e, crv, x, y } = publicJwk
    return { kty, n, e, crv, x, y, kid, alg: algorithm, use: 'sig' }
  }),
})

/** Seconds for which a cache may keep the JWKS: until the next change that is planned. */
export const jwksMaxAge = (keys: readonly SigningKey[], now: number, plan: KeyPlan): number => {
  const changes = [
    ...pairs(keys, plan.algorithms).map((pair) => dueAt(pair, plan)),
    ...publishedKeys(keys, now).map((key) => goneAt(key) ?? Infinity),
  ]
  const untilNext = Math.min(...changes) - now
  const longest = keys.some((key) => isAlarming(key, now))
    ? JWKS_EMERGENCY_MAX_AGE_SECONDS
    : JWKS_MAX_AGE_SECONDS
  return Math.max(JWKS_MIN_AGE_SECONDS, Math.min(longest, untilNext))
}

/** True for a key that was revoked a short time ago: the next step against an attacker must not wait for caches. */
const isAlarming = ({ state, revokedAt }: SigningKey, now: number): boolean =>
  state === 'revoked' && (revokedAt ?? 0) + JWKS_EMERGENCY_SECONDS > now

/** The steps that are due. Another process may have done them before this one tries. */
export const dueSteps = (keys: readonly SigningKey[], now: number, plan: KeyPlan): KeyStep[] => [
  ...keys.filter((key) => isGone(key, now)).map(({ kid }) => ({ step: 'remove', kid }) as const),
  ...missingKeys(keys, plan.algorithms).map(
    (algorithm) => ({ step: 'create', algorithm }) as const,
  ),
  ...pairs(keys, plan.algorithms)
    .filter((pair) => dueAt(pair, plan) <= now)
    .map(({ active, next }) => {
      const promotion = { from: active.kid, to: next.kid }
      return { step: 'promote', algorithm: active.algorithm, ...promotion } as const
    }),
]

/** The key that signs and the one that takes over from it. */
export type KeyPair = { active: SigningKey; next: SigningKey }

/** The pairs of algorithms that have both keys. */
export const pairs = (keys: readonly SigningKey[], algorithms: readonly Algorithm[]): KeyPair[] =>
  algorithms.flatMap((algorithm) => {
    const find = (state: KeyState) =>
      keys.find((key) => key.algorithm === algorithm && key.state === state)
    const active = find('active')
    const next = find('next')
    return active && next ? [{ active, next }] : []
  })

/**
 * The time at which the next key follows the active one. It is counted from the time at which the active key began to
 * sign: after a time without a running process one promotion is due, and not each one that was missed.
 */
const dueAt = ({ active, next }: KeyPair, { rotationSeconds }: KeyPlan): number => {
  if (rotationSeconds === null) return Infinity
  const ofAge = (active.activatedAt ?? active.createdAt) + rotationSeconds
  return Math.max(ofAge, next.createdAt + MIN_NEXT_AGE_SECONDS)
}

/** The time at which the first of the next keys signs on schedule; null: none does. */
export const nextPromotionAt = (keys: readonly SigningKey[], plan: KeyPlan): number | null => {
  const at = Math.min(...pairs(keys, plan.algorithms).map((pair) => dueAt(pair, plan)))
  return Number.isFinite(at) ? at : null
}

/** The empty places: one entry for each key to make. */
export const missingKeys = (
  keys: readonly SigningKey[],
  algorithms: readonly Algorithm[],
): Algorithm[] =>
  algorithms.flatMap((algorithm) =>
    (['active', 'next'] as const)
      .filter((state) => !keys.some((key) => key.algorithm === algorithm && key.state === state))
      .map(() => algorithm),
  )

/**
 * The candidates for a revocation of `kids` after which a new key signs, in each of their algorithms: that key, and a
 * next one where none is left.
 */
export const newSignersFor = (
  keys: readonly SigningKey[],
  kids: readonly string[],
): Algorithm[] => {
  const revoked = keys.filter((key) => kids.includes(key.kid)).map((key) => key.algorithm)
  const left = (algorithm: Algorithm, state: KeyState, besides: readonly string[] = []): boolean =>
    keys.some((k) => k.algorithm === algorithm && k.state === state && !besides.includes(k.kid))
  return [...new Set(revoked)]
    .filter((algorithm) => left(algorithm, 'active'))
    .flatMap((algorithm) => (left(algorithm, 'next', kids) ? [algorithm] : [algorithm, algorithm]))
}

/** Names a candidate for each place that a revocation of `kids` empties. A next key takes the place of the active one. */
export const replacementsFor = (
  keys: readonly SigningKey[],
  kids: readonly string[],
): Algorithm[] =>
  keys
    .filter((key) => kids.includes(key.kid) && (key.state === 'active' || key.state === 'next'))
    .map((key) => key.algorithm)

// What the key states mean, and what is due when (design: Keys). Pure: no I/O.
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

/** Signatures of keys in these states are good; of others never. */
const PUBLISHED: readonly KeyState[] = ['active', 'next', 'retiring']

/** What keys are kept by. All times here are in seconds since the epoch. */
export type KeyPlan = {
  algorithms: readonly Algorithm[]
  /** How long a key signs before the next one takes over; null: until somebody says so. */
  rotationSeconds: number | null
}

/** Something to be done now; for each step that several processes see one of them does it. */
export type KeyStep =
  | { step: 'remove'; kid: string }
  | { step: 'create'; algorithm: Algorithm }
  | ({ step: 'promote'; algorithm: Algorithm } & Promotion)

/** From when on whatever a retiring key has signed has expired; null for a key in another state. */
export const goneAt = (key: Pick<SigningKey, 'state' | 'retiredAt'>): number | null =>
  key.state === 'retiring' ? (key.retiredAt ?? 0) + KEY_RETIREMENT_SECONDS : null

/** A key whose time is over is gone whether or not its row has been removed yet. */
export const isGone = (key: Pick<SigningKey, 'state' | 'retiredAt'>, now: number): boolean =>
  (goneAt(key) ?? Infinity) <= now

/** From when on every follower has a next key, so that it may sign; null for a key in another state. */
export const promotableAt = (key: Pick<SigningKey, 'state' | 'createdAt'>): number | null =>
  key.state === 'next' ? key.createdAt + MIN_NEXT_AGE_SECONDS : null

/** RS256 first, then in the order of `PUBLISHED`: readers that take the first key get the one that signs. */
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

/** Seconds for which a cache may keep the JWKS: until the next change that is known to come. */
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

/** A key was revoked a while ago: the next step against whoever has it must not wait for caches. */
const isAlarming = ({ state, revokedAt }: SigningKey, now: number): boolean =>
  state === 'revoked' && (revokedAt ?? 0) + JWKS_EMERGENCY_SECONDS > now

/** What is due. Another process may have done it by the time it is tried. */
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

/** Of the algorithms that have both. */
export const pairs = (keys: readonly SigningKey[], algorithms: readonly Algorithm[]): KeyPair[] =>
  algorithms.flatMap((algorithm) => {
    const find = (state: KeyState) =>
      keys.find((key) => key.algorithm === algorithm && key.state === state)
    const [active, next] = [find('active'), find('next')]
    return active && next ? [{ active, next }] : []
  })

/**
 * When a key that has come of age is followed by the next. Counted from when it began to sign: after any time
 * in which no process ran one promotion is due, not all those that were missed.
 */
const dueAt = ({ active, next }: KeyPair, { rotationSeconds }: KeyPlan): number => {
  if (rotationSeconds === null) return Infinity
  const ofAge = (active.activatedAt ?? active.createdAt) + rotationSeconds
  return Math.max(ofAge, next.createdAt + MIN_NEXT_AGE_SECONDS)
}

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

/**
 * The candidates with which revoking `kids` lets a new key sign in each of their algorithms: that key, and a next one
 * where there is none left.
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

/** One candidate for each place that revoking `kids` empties; a next key moves up where the active one goes. */
export const replacementsFor = (
  keys: readonly SigningKey[],
  kids: readonly string[],
): Algorithm[] =>
  keys
    .filter((key) => kids.includes(key.kid) && (key.state === 'active' || key.state === 'next'))
    .map((key) => key.algorithm)

// Fetches one issuer's JWK Set (RFC 7517 §5), within bounds, and says for how long it is good.
import { type CryptoKey, type JWK, importJWK } from 'jose'
import { readBounded } from './bounded.ts'
import {
  DEFAULT_KEYS_MAX_AGE_SECONDS,
  FETCH_TIMEOUT_MS,
  MAX_JWKS_BYTES,
  MAX_JWKS_KEYS,
  MAX_KEYS_MAX_AGE_SECONDS,
  MIN_KEYS_MAX_AGE_SECONDS,
  MIN_RSA_BITS,
} from './constants.ts'
import type { Ending } from './ending.ts'
import { withLimits } from './limits.ts'

/** One key. The same object for as long as the key with this kid is the same. */
export type VerificationKey = {
  readonly kid: string
  readonly algorithm: string
  /** What the key is, as text: two keys are the same if this is. */
  readonly material: string
  readonly key: CryptoKey
}

export type FetchedKeys = { keys: VerificationKey[]; maxAgeMs: number }

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** `alg` → `kty` and, where there is one, `crv` that a key for it has (RFC 7518 §3.4, RFC 8037 §3.1). */
const KEY_TYPES: Record<string, string> = {
  RS256: 'RSA',
  RS384: 'RSA',
  RS512: 'RSA',
  PS256: 'RSA',
  PS384: 'RSA',
  PS512: 'RSA',
  ES256: 'EC P-256',
  ES384: 'EC P-384',
  ES512: 'EC P-521',
  EdDSA: 'OKP Ed25519',
}

export const isSupported = (algorithm: string): boolean => Object.hasOwn(KEY_TYPES, algorithm)

const ACCEPT = { accept: 'application/jwk-set+json, application/json' }
/** A cache on the way must ask again (RFC 9111 §5.2.1.4). */
const NO_CACHE = { 'cache-control': 'no-cache' }

type Loading = {
  fetch: Fetch
  algorithms: readonly string[]
  /** Past all caches. Default: false. */
  renew?: boolean
  /** Ends it, whatever it is at. */
  signal?: Ending | undefined
}

/** @throws Error for whatever is not a set with at least one key for one of `algorithms` */
export const fetchKeys = async (
  url: string,
  { fetch, algorithms, renew = false, signal }: Loading,
): Promise<FetchedKeys> => {
  const headers = renew ? { ...ACCEPT, ...NO_CACHE } : ACCEPT
  const limits = { timeoutMs: FETCH_TIMEOUT_MS, signal }
  const ask = (ended: AbortSignal) => load(url, fetch, { headers, signal: ended })
  const { text, headers: said } = await withLimits(ask, limits, 'the key server is too slow')
  const keys = await importKeys(JSON.parse(text), algorithms)
  if (keys.length === 0) throw new Error('the key set has no key that can be used')
  return { keys, maxAgeMs: maxAgeOf(said) * 1000 }
}

const load = async (
  url: string,
  fetch: Fetch,
  init: RequestInit,
): Promise<{ text: string; headers: Headers }> => {
  const response = await fetch(url, {
    ...init,
    redirect: 'manual', // Workers have no `error`; what is redirected is not 200
  })
  if (response.status !== 200 || response.redirected) {
    void response.body?.cancel().catch(() => {})
    throw new Error(`the key server answered ${response.status}`)
  }
  return { text: await readBounded(response, MAX_JWKS_BYTES), headers: response.headers }
}

const importKeys = async (
  set: unknown,
  algorithms: readonly string[],
): Promise<VerificationKey[]> => {
  const jwks = (set as { keys?: unknown } | null)?.keys
  if (!Array.isArray(jwks) || jwks.length > MAX_JWKS_KEYS) throw new Error('this is not a key set')
  const imported = new Map<string, VerificationKey>()
  for (const jwk of jwks as (JWK | null)[]) {
    const key = jwk && (await importKey(jwk, algorithms))
    if (key && !imported.has(key.kid)) imported.set(key.kid, key)
  }
  return [...imported.values()]
}

/** Null for a key that is for something else: a set may have more than we need (RFC 7517 §5). */
const importKey = async (
  jwk: JWK,
  algorithms: readonly string[],
): Promise<VerificationKey | null> => {
  const { kid, alg, use, kty, n, e, crv, x, y } = jwk
  if (typeof kid !== 'string' || (use !== undefined && use !== 'sig')) return null
  const type = crv === undefined ? kty : `${kty} ${crv}`
  const algorithm = alg ?? algorithms.find((name) => KEY_TYPES[name] === type)
  if (algorithm === undefined || !algorithms.includes(algorithm)) return null
  if (KEY_TYPES[algorithm] !== type) return null
  // Public members only: a private key in the set is somebody's mistake and none of ours.
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(
    ([, value]) => value !== undefined,
  )
  try {
    const key = (await importJWK(Object.fromEntries(members) as JWK, algorithm)) as CryptoKey
    if (isWeak(key)) return null
    return { kid, algorithm, material: JSON.stringify([algorithm, members]), key }
  } catch {
    return null
  }
}

const isWeak = ({ algorithm }: CryptoKey): boolean =>
  'modulusLength' in algorithm && Number(algorithm.modulusLength) < MIN_RSA_BITS

/** `max-age` less `Age` (RFC 9111 §4.2), within bounds, in seconds. */
const maxAgeOf = (headers: Headers): number => {
  const control = headers.get('cache-control') ?? ''
  if (/(^|[ ,])no-(store|cache)\b/i.test(control)) return MIN_KEYS_MAX_AGE_SECONDS
  const maxAge = /(?:^|[ ,])max-age="?(\d{1,10})/i.exec(control)?.[1]
  if (maxAge === undefined) return DEFAULT_KEYS_MAX_AGE_SECONDS
  const age = /^\d{1,10}$/.exec(headers.get('age') ?? '')?.[0] ?? '0'
  const seconds = Number(maxAge) - Number(age)
  return Math.min(Math.max(seconds, MIN_KEYS_MAX_AGE_SECONDS), MAX_KEYS_MAX_AGE_SECONDS)
}

// Fetches one issuer's JWK Set (RFC 7517 §5), within bounds, and says for how long it is good.
import { NotText, TooLong, readBounded } from '../net/read-bounded.ts'
import {
  DEFAULT_KEYS_MAX_AGE_SECONDS,
  FETCH_TIMEOUT_MS,
  MAX_JWKS_BYTES,
  MAX_KEYS_MAX_AGE_SECONDS,
  MIN_KEYS_MAX_AGE_SECONDS,
  RENEWAL_PARAMETER,
  USER_AGENT,
} from '../constants.ts'
import type { AbortFlag } from '../net/abort-flag.ts'
import { type VerificationKey, importKeys } from './jwk.ts'
import { KeysFailure, type KeysFailureCode, keysFailureOf } from './keys-failure.ts'
import { withDeadline } from '../net/deadline.ts'
import type { Fetch } from '../net/fetch.ts'

export type FetchedKeys = { keys: VerificationKey[]; maxAgeMs: number }

const ACCEPT = {
  accept: 'application/jwk-set+json, application/json',
  'user-agent': USER_AGENT,
}
/** A cache on the way must ask again (RFC 9111 §5.2.1.4). */
const NO_CACHE = { 'cache-control': 'no-cache' }

type Loading = {
  fetch: Fetch
  algorithms: readonly string[]
  /** Past all caches. Default: false. */
  renew?: boolean
  /** Ends it, whatever it is at. */
  signal?: AbortFlag | undefined
}

/** @throws KeysFailure for whatever is not a set with at least one key for one of `algorithms` */
export const fetchKeys = async (
  url: string,
  { fetch, algorithms, renew = false, signal }: Loading,
): Promise<FetchedKeys> => {
  const limits = { timeoutMs: FETCH_TIMEOUT_MS, signal }
  const ask = async (ended: AbortSignal): Promise<FetchedKeys> => {
    const request = { fetch, algorithms, signal: ended }
    return renew ? renewKeys(url, request) : loadKeys(url, { ...request, headers: ACCEPT })
  }
  try {
    return await withDeadline(ask, limits, 'the key server is too slow')
  } catch (error) {
    throw keysFailureOf(error)
  }
}

type Request = { fetch: Fetch; algorithms: readonly string[]; signal: AbortSignal }

/** Answers that say nothing of the URL: the plain one would be answered alike. */
const BUSY: readonly number[] = [408, 425, 429]

/** True for answers of a server that refuses unknown parameters, as for a signed URL. */
const mayBeForParameter = ({ code, status }: KeysFailure): boolean =>
  code === 'http_status' && status !== null
    ? status < 500 && !BUSY.includes(status)
    : CONTENT.includes(code)

const CONTENT: readonly KeysFailureCode[] = [
  'redirect',
  'not_a_key_set',
  'empty_key_set',
  'no_usable_key',
]

/**
 * A URL that no cache has an answer for. Where that is not answered with keys, the plain one, which some caches
 * answer themselves.
 */
const renewKeys = async (url: string, request: Request): Promise<FetchedKeys> => {
  const headers = { ...ACCEPT, ...NO_CACHE }
  try {
    return await loadKeys(renewalUrl(url), { ...request, headers })
  } catch (error) {
    const failure = keysFailureOf(error)
    if (!mayBeForParameter(failure)) throw failure
    return await loadKeys(url, { ...request, headers })
  }
}

/** The rest of the URL stays as it is written: it may be signed. */
const renewalUrl = (url: string): string => {
  const [address = ''] = url.split('#', 1)
  const separator = address.includes('?') ? '&' : '?'
  return `${address}${separator}${RENEWAL_PARAMETER}=${crypto.randomUUID()}`
}

const loadKeys = async (
  url: string,
  { fetch, algorithms, signal, headers }: Request & { headers: Record<string, string> },
): Promise<FetchedKeys> => {
  // Workers have no `error`; what is redirected is not 200
  const response = await fetch(url, { headers, signal, redirect: 'manual' })
  if (response.status !== 200 || response.redirected) {
    void response.body?.cancel().catch(() => {})
    throw refused(response)
  }
  const keys = await importKeys(parse(await read(response), response.headers), algorithms)
  return { keys, maxAgeMs: maxAgeOf(response.headers) * 1000 }
}

const refused = ({ status, type, redirected }: Response): KeysFailure => {
  if (type === 'error') return new KeysFailure('network')
  const away = redirected || type === 'opaqueredirect' || (status >= 300 && status < 400)
  return new KeysFailure(away ? 'redirect' : 'http_status', String(status), { status })
}

const read = async (response: Response): Promise<string> => {
  try {
    return await readBounded(response, MAX_JWKS_BYTES)
  } catch (cause) {
    if (cause instanceof TooLong) throw new KeysFailure('too_long', undefined, { cause })
    throw cause instanceof NotText ? notAKeySet(response.headers, cause) : cause
  }
}

const parse = (text: string, headers: Headers): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw notAKeySet(headers, cause)
  }
}

/** A page of HTML is the usual answer of a wrong address. */
const notAKeySet = (headers: Headers, cause: unknown): KeysFailure => {
  const type = /^[\w.+/-]{1,64}/.exec(headers.get('content-type') ?? '')?.[0]
  return new KeysFailure('not_a_key_set', type && `Content-Type ${type}`, { cause })
}

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

// Fetches the issuer's JWK Set (RFC 7517 §5) within limits of time and size, and reads how long it
// is fresh.
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
import { withDeadline } from '../net/deadline.ts'
import type { Fetch } from '../net/fetch.ts'
import { NotText, TooLong, readBounded } from '../net/read-bounded.ts'
import { type VerificationKey, importKeys } from './jwk.ts'
import { KeysFailure, type KeysFailureCode, keysFailureOf } from './keys-failure.ts'

export type FetchedKeys = { keys: VerificationKey[]; maxAgeMs: number }

const ACCEPT = {
  accept: 'application/jwk-set+json, application/json',
  'user-agent': USER_AGENT,
}
/** Makes caches on the way revalidate their answer (RFC 9111 §5.2.1.4). */
const NO_CACHE = { 'cache-control': 'no-cache' }

type Loading = {
  fetch: Fetch
  algorithms: readonly string[]
  /** True to bypass all caches. Default: false. */
  renew?: boolean
  /** Aborts the fetch at any point. */
  signal?: AbortFlag | undefined
}

/** @throws KeysFailure unless the answer is a set with at least one key for one of `algorithms` */
export const fetchKeys = async (
  url: string,
  { fetch, algorithms, renew = false, signal }: Loading,
): Promise<FetchedKeys> => {
  const limits = { timeoutMs: FETCH_TIMEOUT_MS, signal }
  const exchange = async (aborted: AbortSignal): Promise<FetchedKeys> => {
    const request = { fetch, algorithms, signal: aborted }
    return renew ? renewKeys(url, request) : loadKeys(url, { ...request, headers: ACCEPT })
  }
  try {
    return await withDeadline(exchange, limits, 'the key server is too slow')
  } catch (error) {
    throw keysFailureOf(error)
  }
}

type Request = { fetch: Fetch; algorithms: readonly string[]; signal: AbortSignal }

/** Statuses of an overloaded server, which would answer the plain URL alike. */
const BUSY: readonly number[] = [408, 425, 429]

/** True if the server may refuse the unknown parameter, as it does for a signed URL. */
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
 * Requests a URL for which no cache has an answer. If the server does not answer it with keys,
 * requests the plain URL, which some caches answer themselves.
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

/** Leaves the rest of the URL as it is written: it may be signed. */
const renewalUrl = (url: string): string => {
  const [address = ''] = url.split('#', 1)
  const separator = address.includes('?') ? '&' : '?'
  return `${address}${separator}${RENEWAL_PARAMETER}=${crypto.randomUUID()}`
}

const loadKeys = async (
  url: string,
  { fetch, algorithms, signal, headers }: Request & { headers: Record<string, string> },
): Promise<FetchedKeys> => {
  // Workers have no `redirect: 'error'`. A redirect that is not followed has another status than
  // 200.
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
  const isRedirect = redirected || type === 'opaqueredirect' || (status >= 300 && status < 400)
  return new KeysFailure(isRedirect ? 'redirect' : 'http_status', String(status), { status })
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

/** Names the type of the answer: a wrong address usually answers with HTML. */
const notAKeySet = (headers: Headers, cause: unknown): KeysFailure => {
  const type = /^[\w.+/-]{1,64}/.exec(headers.get('content-type') ?? '')?.[0]
  return new KeysFailure('not_a_key_set', type && `Content-Type ${type}`, { cause })
}

/** `max-age` less `Age` (RFC 9111 §4.2), in seconds, limited to a range. */
const maxAgeOf = (headers: Headers): number => {
  const control = headers.get('cache-control') ?? ''
  if (/(^|[ ,])no-(store|cache)\b/i.test(control)) return MIN_KEYS_MAX_AGE_SECONDS
  const maxAge = /(?:^|[ ,])max-age="?(\d{1,10})/i.exec(control)?.[1]
  if (maxAge === undefined) return DEFAULT_KEYS_MAX_AGE_SECONDS
  const age = /^\d{1,10}$/.exec(headers.get('age') ?? '')?.[0] ?? '0'
  const seconds = Number(maxAge) - Number(age)
  return Math.min(Math.max(seconds, MIN_KEYS_MAX_AGE_SECONDS), MAX_KEYS_MAX_AGE_SECONDS)
}

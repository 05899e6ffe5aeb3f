// One request for the revocation list, within limits of time and size.
import { MAX_LIST_BYTES, USER_AGENT } from '../constants.ts'
import type { Bytes } from './bytes.ts'
import { type Deadline, withDeadline } from './deadline.ts'
import type { Fetch } from './fetch.ts'
import { readBytes } from './read-bounded.ts'
import { unrefFetch } from './unref-fetch.ts'

export type GetBytes = (url: string, limits: Deadline) => Promise<Bytes>

/** The issuer answered with another status than 200. */
export class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused'
  /**
   * `Retry-After` in milliseconds (RFC 9110 §10.2.3); 0 where it is missing or not a number of
   * seconds.
   */
  readonly retryAfterMs: number

  constructor(status: number, retryAfter: string | null | undefined) {
    const redirects = status >= 300 && status < 400 ? ': redirects are not followed' : ''
    super(`the issuer answered ${status}${redirects}`)
    this.retryAfterMs = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : 0
  }
}

const HEADERS = { accept: 'application/jwt', 'user-agent': USER_AGENT }

/** @param fetch sends the requests; undefined for the default of the runtime */
export const createGetBytes = (fetch: Fetch = unrefFetch): GetBytes => {
  return (url, limits) =>
    withDeadline((signal) => request(url, fetch, signal), limits, 'the issuer is too slow')
}

const request = async (url: string, fetch: Fetch, signal: AbortSignal): Promise<Bytes> => {
  // Workers have no `redirect: 'error'`. A redirect that is not followed has another status than
  // 200.
  const response = await fetch(url, { headers: HEADERS, redirect: 'manual', signal })
  if (response.status === 200 && !response.redirected) {
    checkType(response)
    return readBytes(response, MAX_LIST_BYTES)
  }
  void response.body?.cancel().catch(() => {})
  throw new AnswerRefused(response.status, response.headers.get('retry-after'))
}

/**
 * Names the type of an answer from a proxy or another server. The signature check refuses all other
 * types.
 */
const checkType = ({ headers, body }: Response): void => {
  const type = /^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(headers.get('content-type') ?? '')?.[0]
  if (type !== 'text/html' && type !== 'application/json') return
  void body?.cancel().catch(() => {})
  throw new Error(`the issuer answered with Content-Type ${type}, which is no revocation list`)
}

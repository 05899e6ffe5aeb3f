// One request for the revocation list, within bounds of time and size.
import type { Bytes } from './bytes.ts'
import { readBytes } from './read-bounded.ts'
import { MAX_LIST_BYTES, USER_AGENT } from '../constants.ts'
import { type Deadline, withDeadline } from './deadline.ts'
import type { Fetch } from './fetch.ts'
import { unrefFetch } from './unref-fetch.ts'

export type GetBytes = (url: string, limits: Deadline) => Promise<Bytes>

/** Any answer but 200. */
export class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused'
  /** What `Retry-After` says (RFC 9110 §10.2.3), in milliseconds; 0 where it says no number of seconds. */
  readonly retryAfterMs: number

  constructor(status: number, retryAfter: string | null | undefined) {
    const redirects = status >= 300 && status < 400 ? ': redirects are not followed' : ''
    super(`the issuer answered ${status}${redirects}`)
    this.retryAfterMs = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : 0
  }
}

const HEADERS = { accept: 'application/jwt', 'user-agent': USER_AGENT }

/** @param fetch what to ask with; undefined for what suits the runtime */
export const createGetBytes = (fetch: Fetch = unrefFetch): GetBytes => {
  return (url, limits) =>
    withDeadline((signal) => ask(url, fetch, signal), limits, 'the issuer is too slow')
}

const ask = async (url: string, fetch: Fetch, signal: AbortSignal): Promise<Bytes> => {
  // Workers have no `error`; what is redirected is not 200
  const response = await fetch(url, { headers: HEADERS, redirect: 'manual', signal })
  if (response.status === 200 && !response.redirected) {
    checkType(response)
    return readBytes(response, MAX_LIST_BYTES)
  }
  void response.body?.cancel().catch(() => {})
  throw new AnswerRefused(response.status, response.headers.get('retry-after'))
}

/** A page or an error of something in between, which is named as such. Other types are left to the signature. */
const checkType = ({ headers, body }: Response): void => {
  const type = /^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(headers.get('content-type') ?? '')?.[0]
  if (type !== 'text/html' && type !== 'application/json') return
  void body?.cancel().catch(() => {})
  throw new Error(`the issuer answered with Content-Type ${type}, which is no revocation list`)
}

// One request for the revocation list, within bounds of time and size. A pending `fetch` holds Node's process
// open through its socket; there the list is asked for in another way, unless somebody has put another `fetch`
// in place.
import { readBounded } from './bounded.ts'
import { CONNECT_TIMEOUT_MS, MAX_LIST_BYTES } from './constants.ts'
import type { Fetch } from './jwks.ts'
import { later } from './timer.ts'

export type Limits = {
  timeoutMs: number
  /** Ends the request, whatever it is at. */
  signal?: AbortSignal | undefined
}

export type GetText = (url: string, limits: Limits) => Promise<string>

/** Any answer but 200. */
export class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused'
  /** What `Retry-After` says (RFC 9110 §10.2.3), in milliseconds; 0 where it says no number of seconds. */
  readonly retryAfterMs: number

  constructor(status: number, retryAfter: string | null | undefined) {
    super(`the issuer answered ${status}`)
    this.retryAfterMs = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : 0
  }
}

type Ask = (url: string, signal: AbortSignal) => Promise<string>

const HEADERS = { accept: 'application/jwt' }

/** @param given the `fetch` to ask with; undefined for what suits the runtime */
export const createTransport = (given: Fetch | undefined): GetText => {
  const ask = given === undefined ? askAsSuits : askWith(given)
  return (url, limits) => withLimits(url, ask, limits)
}

/** What does not heed its signal is left behind. */
const withLimits = async (url: string, ask: Ask, limits: Limits): Promise<string> => {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const callOff = later(limits.timeoutMs, abort)
  limits.signal?.addEventListener('abort', abort)
  if (limits.signal?.aborted) abort()
  try {
    return await Promise.race([ask(url, controller.signal), aborted(controller.signal)])
  } finally {
    callOff()
    limits.signal?.removeEventListener('abort', abort)
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void => reject(new Error('the issuer is too slow'))
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })

const askWith =
  (fetch: Fetch): Ask =>
  async (url, signal) => {
    // Workers have no `error`; what is redirected is not 200
    const response = await fetch(url, { headers: HEADERS, redirect: 'manual', signal })
    if (response.status === 200 && !response.redirected)
      return readBounded(response, MAX_LIST_BYTES)
    void response.body?.cancel().catch(() => {})
    throw new AnswerRefused(response.status, response.headers.get('retry-after'))
  }

const OWN_FETCH = globalThis.fetch

const askAsSuits: Ask = (url, signal) => {
  const node = globalThis.fetch === OWN_FETCH ? nodeHttp() : null
  return node === null ? askWith(globalThis.fetch)(url, signal) : askNode(node, url, signal)
}

type NodeHttp = NonNullable<ReturnType<typeof nodeHttp>>

/** Null wherever this is not Node itself, and on Node before 20.16. */
const nodeHttp = () => {
  const { process, navigator, Deno } = globalThis as {
    process?: typeof globalThis.process
    navigator?: { userAgent?: string }
    Deno?: unknown
  }
  const other = navigator?.userAgent?.startsWith('Node.js') === false || Deno !== undefined
  if (other || !process?.versions?.node || process.versions['bun']) return null
  if (typeof process.getBuiltinModule !== 'function') return null
  return {
    'http:': process.getBuiltinModule('node:http'),
    'https:': process.getBuiltinModule('node:https'),
  }
}

const askNode = (node: NodeHttp, url: string, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const { request } = node[new URL(url).protocol as keyof NodeHttp]
    const outgoing = request(url, { headers: HEADERS, signal }, (response) => {
      callOff()
      const { statusCode = 0, headers } = response
      if (statusCode === 200) {
        collect(response).then(resolve, reject)
        return
      }
      outgoing.destroy()
      reject(new AnswerRefused(statusCode, headers['retry-after']))
    })
    // A connection that is being made holds the process open, whatever is said about its socket.
    const callOff = later(CONNECT_TIMEOUT_MS, () => {
      if (outgoing.socket?.connecting !== false) outgoing.destroy(new Error('no connection'))
    })
    outgoing.on('socket', (socket) => socket.unref())
    outgoing.on('error', (error) => {
      callOff()
      reject(error)
    })
    outgoing.end()
  })

/** Leaving the loop destroys the stream, and with it the connection. */
const collect = async (response: AsyncIterable<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let [text, length] = ['', 0]
  for await (const chunk of response) {
    length += chunk.byteLength
    if (length > MAX_LIST_BYTES) throw new Error('the answer is too long')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

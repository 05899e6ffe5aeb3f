// Requests to a remote server: over TLS or to this machine, without redirects, bounded in time and size.
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { isSecureUrl } from '@latchkey/verifier/internal'
import { MAX_REMOTE_ANSWER_BYTES, REMOTE_SILENCE_MS, VERSION } from '../../constants.ts'
import { RemoteFailed } from '../../errors.ts'
import { parseJsonObject } from '../../json.ts'
import { boundedText } from '../bounded-text.ts'

export type Outgoing = {
  method?: string
  headers?: Record<string, string>
  body?: string
  /** Longest silence, in milliseconds. */
  silenceMs?: number
}

/** Sends a request and resolves with the head of its answer. */
export type Exchange = (url: string, outgoing?: Outgoing) => Promise<IncomingMessage>

/** Opens connections to a server. `close` ends those that wait for a further request. */
export const openExchange = (): { exchange: Exchange; close: () => void } => {
  const agents = {
    http: new http.Agent({ keepAlive: true }),
    https: new https.Agent({ keepAlive: true }),
  }
  return {
    exchange: async (url, outgoing = {}) => {
      requireSecure(url)
      const { origin } = new URL(url)
      const send = origin.startsWith('https:')
        ? (options: https.RequestOptions) => https.request(url, { ...options, agent: agents.https })
        : (options: http.RequestOptions) => http.request(url, { ...options, agent: agents.http })
      const answer = await requested(send, outgoing).catch((error: unknown) => {
        throw unreachable(origin, error, outgoing)
      })
      refuseRedirect(answer, origin)
      return answer
    },
    close: () => {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

/** Over plain http an attacker on the network would read the credentials. @throws RemoteFailed */
const requireSecure = (url: string): void => {
  if (isSecureUrl(url)) return
  throw new RemoteFailed(`no request is sent to ${url}: it is not https, and not on this machine`)
}

/** An answer that leads elsewhere is refused: the other address would get the credentials. @throws RemoteFailed */
const refuseRedirect = (answer: IncomingMessage, origin: string): void => {
  const { statusCode = 0, headers } = answer
  if (statusCode < 300 || statusCode >= 400) return
  answer.destroy()
  const to = headers.location === undefined ? '' : ` to ${headers.location}`
  throw new RemoteFailed(
    `${origin} redirects${to} (${statusCode}), and credentials are not sent along: use the URL of the issuer itself`,
  )
}

type Send = (options: http.RequestOptions) => http.ClientRequest

const requested = (
  send: Send,
  { method = 'GET', headers = {}, body, silenceMs = REMOTE_SILENCE_MS }: Outgoing,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = send({
      method,
      headers: { 'user-agent': `latchkey/${VERSION}`, accept: '*/*', ...headers },
      timeout: silenceMs,
    })
    request.on('response', resolve)
    request.on('error', reject)
    request.on('timeout', () => request.destroy(new SilentError(silenceMs)))
    request.end(body)
  })

class SilentError extends Error {
  constructor(silenceMs: number) {
    super(`no answer within ${silenceMs / 1000} seconds`)
  }
}

/** A request that may have been read may have changed something: the sender cannot tell. */
const unreachable = (
  origin: string,
  error: unknown,
  { method = 'GET' }: Outgoing,
): RemoteFailed => {
  const { code, message } = error as NodeJS.ErrnoException
  const reason = error instanceof SilentError ? message : (code ?? message)
  const wasConnected = error instanceof SilentError || code === 'ECONNRESET' || code === 'EPIPE'
  const doubt = wasConnected && method !== 'GET' ? '; the server may have made the change' : ''
  return new RemoteFailed(`${origin} cannot be reached (${reason})${doubt}`)
}

/** Reads a whole answer. @throws RemoteFailed for one that is too long or broken off */
export const readText = async (answer: IncomingMessage): Promise<string> => {
  const text = await boundedText(answer, MAX_REMOTE_ANSWER_BYTES).catch(() => {
    throw new RemoteFailed('the answer was broken off')
  })
  if (text !== null) return text
  throw new RemoteFailed(`the answer is longer than ${MAX_REMOTE_ANSWER_BYTES} bytes`)
}

/** Reads the JSON object of an answer; null for any other text. */
export const readObject = async (
  answer: IncomingMessage,
): Promise<Record<string, unknown> | null> => parseJsonObject(await readText(answer))

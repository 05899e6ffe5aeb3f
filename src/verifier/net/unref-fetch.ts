// A `fetch` that keeps no process alive. The socket of a pending `fetch` keeps Node, Bun and Deno
// running. There the verifier uses `node:http`, whose sockets can be unreferenced, unless the
// application has configured `fetch` itself: with a proxy, a certificate authority or a client
// certificate. The verifier then uses that `fetch`.
import { CONNECT_TIMEOUT_MS } from '../constants.ts'
import { ACCEPT_ENCODING, type Incoming, decoded } from './decoding.ts'
import type { Fetch } from './fetch.ts'
import { environment, hasNodeSockets, isNode } from './platform.ts'
import { unrefTimer } from './timers.ts'

const OWN_FETCH = globalThis.fetch

export const unrefFetch: Fetch = (url, init) => {
  const isPlain = globalThis.fetch === OWN_FETCH && !isFetchConfigured()
  const node = isPlain ? nodeHttp(url) : null
  return node === null ? globalThis.fetch(url, init) : requestWithRetry(node, url, init)
}

/** Symbols of undici's global dispatcher, of Node's own copy and of the npm package. */
const DISPATCHERS = [
  Symbol.for('undici.globalDispatcher.1'),
  Symbol.for('undici.globalDispatcher.2'),
]

type Dispatcher = { dispatch?: unknown; [symbol: symbol]: unknown }

/** Variables that `fetch` of Bun and Deno obeys, and their `node:http` does not. */
const FETCH_VARIABLES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'DENO_CERT',
  'DENO_TLS_CA_STORE',
]

/**
 * True if the dispatcher differs from the one that undici sets at first use. With
 * `NODE_USE_ENV_PROXY` Node sets another one before the program begins. An unknown dispatcher
 * counts as the application's.
 */
const isFetchConfigured = (): boolean =>
  DISPATCHERS.some((name) => {
    const dispatcher = (globalThis as Record<symbol, unknown>)[name] as Dispatcher | undefined
    return dispatcher !== undefined && !isPlainAgent(dispatcher)
  }) ||
  (!isNode() && FETCH_VARIABLES.some((name) => environment(name) !== undefined))

/** True for an `Agent` without options and without interceptors. */
const isPlainAgent = (dispatcher: Dispatcher): boolean => {
  const prototype = Object.getPrototypeOf(dispatcher) as Dispatcher | null
  if (prototype?.constructor.name !== 'Agent' || prototype.dispatch !== dispatcher.dispatch) {
    return false
  }
  const own = (name: string): unknown => {
    const symbol = Object.getOwnPropertySymbols(dispatcher).find((key) => key.description === name)
    return symbol && dispatcher[symbol]
  }
  const options = own('options')
  const factory = own('factory') as { name?: string } | undefined
  if (typeof options !== 'object' || options === null) return false
  const chosen = Object.values(options).filter((value) => value !== undefined && value !== Infinity)
  return chosen.length === 0 && factory?.name === 'defaultFactory'
}

type Outgoing = {
  readonly socket: { readonly connecting: boolean } | null
  readonly reusedSocket: boolean
  on(event: 'socket', listener: (socket: { unref(): void }) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  destroy(error?: Error): void
  end(): void
}

/** The used part of `node:http` and `node:https`. */
type NodeHttp = {
  process: typeof globalThis.process
  request(
    url: string,
    options: { headers: Record<string, string>; signal?: AbortSignal },
    onAnswer: (incoming: Answer) => void,
  ): Outgoing
}

/**
 * Null on runtimes without `node:http`, and on Node before 20.16. The module is not imported,
 * because bundlers for other platforms must find every imported module.
 */
const nodeHttp = (url: string): NodeHttp | null => {
  const getBuiltinModule: unknown = globalThis.process?.getBuiltinModule
  if (!hasNodeSockets() || typeof getBuiltinModule !== 'function') return null
  const { process } = globalThis
  const found = process.getBuiltinModule(`node:${schemeOf(url)}`) as NodeHttp | undefined
  return found === undefined ? null : { process, request: found.request }
}

const schemeOf = (url: string): string => new URL(url).protocol.slice(0, -1)

const requestWithRetry = async (
  node: NodeHttp,
  url: string,
  init: RequestInit,
): Promise<Response> => {
  try {
    return await request(node, url, init)
  } catch (error) {
    // The other end has closed an idle connection meanwhile (RFC 9112 §9.3.1). A GET is safe to
    // repeat.
    if (!(error instanceof ConnectionWasClosed)) throw error
    return await request(node, url, init)
  }
}

class ConnectionWasClosed extends Error {}

const request = (node: NodeHttp, url: string, init: RequestInit): Promise<Response> =>
  new Promise((resolve, reject) => {
    const headers = {
      'accept-encoding': ACCEPT_ENCODING,
      ...Object.fromEntries(new Headers(init.headers)),
    }
    const options = { headers, ...(init.signal && { signal: init.signal }) }
    const outgoing = node.request(url, options, (incoming) => {
      cancelTimer()
      if (incoming.statusCode !== 200) outgoing.destroy()
      try {
        resolve(responseOf(incoming, node))
      } catch (error) {
        outgoing.destroy()
        reject(error as Error)
      }
    })
    // A connection attempt keeps the process alive, even with an unreferenced socket.
    const cancelTimer = unrefTimer(CONNECT_TIMEOUT_MS, () => {
      if (outgoing.socket?.connecting !== false) outgoing.destroy(new Error('no connection'))
    })
    outgoing.on('socket', (socket) => socket.unref())
    outgoing.on('error', (error) => {
      cancelTimer()
      const wasClosed = outgoing.reusedSocket && init.signal?.aborted !== true
      reject(wasClosed ? new ConnectionWasClosed(error.message, { cause: error }) : error)
    })
    outgoing.end()
  })

type Answer = Incoming & {
  statusCode?: number | undefined
  headers: Record<string, string | string[] | undefined>
}

/** Headers about the encoded bytes: a reader of the decoded body must not decode it again. */
const CODING_HEADERS = ['content-encoding', 'content-length']

/**
 * Builds a `Response`, with a body for status 200 only.
 * @throws RangeError, TypeError for values that a `Response` cannot have; Error for an unknown
 *   coding
 */
const responseOf = (incoming: Answer, { process }: NodeHttp): Response => {
  const status = incoming.statusCode ?? 0
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined && !CODING_HEADERS.includes(name)) headers.set(name, String(value))
  }
  if (status !== 200) return new Response(null, { status, headers })
  const coding = incoming.headers['content-encoding']
  const body = decoded(incoming, coding === undefined ? undefined : String(coding), process)
  return new Response(streamOf(body), { status, headers })
}

/** A cancelled stream destroys its source, and with it the connection. */
const streamOf = (body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> => {
  const chunks = body[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await chunks.return?.()
    },
  })
}

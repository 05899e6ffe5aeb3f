// A `fetch` that keeps no process alive. A pending `fetch` keeps Node, Bun and Deno running through its socket. On
// these the verifier asks with `node:http`, whose sockets can be unreferenced, unless the application has set up
// `fetch` in a way of its own: a proxy, a certificate authority, a client certificate. Then that holds here, too.
import { CONNECT_TIMEOUT_MS } from '../constants.ts'
import { ACCEPT_ENCODING, type Incoming, decoded } from './decoding.ts'
import type { Fetch } from './fetch.ts'
import { environment, hasNodeSockets, isNode } from './platform.ts'
import { later } from './timers.ts'

const OWN_FETCH = globalThis.fetch

export const unrefFetch: Fetch = (url, init) => {
  const plain = globalThis.fetch === OWN_FETCH && !isFetchSetUp()
  const node = plain ? nodeHttp(url) : null
  return node === null ? globalThis.fetch(url, init) : askNode(node, url, init)
}

/** Where undici keeps what `setGlobalDispatcher` was given, Node's own copy of it and the one of npm alike. */
const DISPATCHERS = [
  Symbol.for('undici.globalDispatcher.1'),
  Symbol.for('undici.globalDispatcher.2'),
]

type Dispatcher = { dispatch?: unknown; [symbol: symbol]: unknown }

/** Variables that Bun's and Deno's `fetch` heeds, and `node:http` there does not. */
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
 * True if the dispatcher is another one than undici sets itself at first use. With `NODE_USE_ENV_PROXY` Node
 * sets another one before the program begins. An unknown dispatcher is taken for the application's.
 */
const isFetchSetUp = (): boolean =>
  DISPATCHERS.some((name) => {
    const dispatcher = (globalThis as Record<symbol, unknown>)[name] as Dispatcher | undefined
    return dispatcher !== undefined && !isPlainAgent(dispatcher)
  }) ||
  (!isNode() && FETCH_VARIABLES.some((name) => environment(name) !== undefined))

/** An `Agent` that was told nothing, and that no interceptor was put before. */
const isPlainAgent = (dispatcher: Dispatcher): boolean => {
  const prototype = Object.getPrototypeOf(dispatcher) as Dispatcher | null
  if (prototype?.constructor.name !== 'Agent' || prototype.dispatch !== dispatcher.dispatch) {
    return false
  }
  const own = (name: string): unknown => {
    const symbol = Object.getOwnPropertySymbols(dispatcher).find((key) => key.description === name)
    return symbol && dispatcher[symbol]
  }
  const [options, factory] = [own('options'), own('factory') as { name?: string } | undefined]
  if (typeof options !== 'object' || options === null) return false
  const told = Object.values(options).filter((value) => value !== undefined && value !== Infinity)
  return told.length === 0 && factory?.name === 'defaultFactory'
}

type Outgoing = {
  readonly socket: { readonly connecting: boolean } | null
  readonly reusedSocket: boolean
  on(event: 'socket', call: (socket: { unref(): void }) => void): void
  on(event: 'error', call: (error: Error) => void): void
  destroy(error?: Error): void
  end(): void
}

/** The part of `node:http` and `node:https` that is used here. */
type NodeHttp = {
  process: typeof globalThis.process
  request(
    url: string,
    options: { headers: Record<string, string>; signal?: AbortSignal },
    answered: (incoming: Answer) => void,
  ): Outgoing
}

/**
 * Null on runtimes without `node:http`, and on Node before 20.16: an import would stop bundlers for other platforms,
 * which have to find every module.
 */
const nodeHttp = (url: string): NodeHttp | null => {
  const getBuiltinModule: unknown = globalThis.process?.getBuiltinModule
  if (!hasNodeSockets() || typeof getBuiltinModule !== 'function') return null
  const { process } = globalThis
  const found = process.getBuiltinModule(`node:${schemeOf(url)}`) as NodeHttp | undefined
  return found === undefined ? null : { process, request: found.request }
}

const schemeOf = (url: string): string => new URL(url).protocol.slice(0, -1)

const askNode = async (node: NodeHttp, url: string, init: RequestInit): Promise<Response> => {
  try {
    return await askNodeOnce(node, url, init)
  } catch (error) {
    // An idle connection that the other end has closed meanwhile (RFC 9112 §9.3.1): a GET is safe to repeat.
    if (!(error instanceof ConnectionWasClosed)) throw error
    return await askNodeOnce(node, url, init)
  }
}

class ConnectionWasClosed extends Error {}

const askNodeOnce = (node: NodeHttp, url: string, init: RequestInit): Promise<Response> =>
  new Promise((resolve, reject) => {
    const headers = {
      'accept-encoding': ACCEPT_ENCODING,
      ...Object.fromEntries(new Headers(init.headers)),
    }
    const options = { headers, ...(init.signal && { signal: init.signal }) }
    const outgoing = node.request(url, options, (incoming) => {
      callOff()
      if (incoming.statusCode !== 200) outgoing.destroy()
      try {
        resolve(responseOf(incoming, node))
      } catch (error) {
        outgoing.destroy()
        reject(error as Error)
      }
    })
    // A connection that is being made keeps the process alive, even with an unreferenced socket.
    const callOff = later(CONNECT_TIMEOUT_MS, () => {
      if (outgoing.socket?.connecting !== false) outgoing.destroy(new Error('no connection'))
    })
    outgoing.on('socket', (socket) => socket.unref())
    outgoing.on('error', (error) => {
      callOff()
      const closed = outgoing.reusedSocket && init.signal?.aborted !== true
      reject(closed ? new ConnectionWasClosed(error.message, { cause: error }) : error)
    })
    outgoing.end()
  })

type Answer = Incoming & {
  statusCode?: number | undefined
  headers: Record<string, string | string[] | undefined>
}

/** These are about the bytes as they were sent: whoever reads the decoded body must not decode it again. */
const ABOUT_THE_CODING = ['content-encoding', 'content-length']

/** Reads the body of a 200 only. @throws RangeError, TypeError for what no `Response` can be; Error for its coding */
const responseOf = (incoming: Answer, { process }: NodeHttp): Response => {
  const status = incoming.statusCode ?? 0
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined && !ABOUT_THE_CODING.includes(name)) headers.set(name, String(value))
  }
  if (status !== 200) return new Response(null, { status, headers })
  const coding = incoming.headers['content-encoding']
  const body = decoded(incoming, coding === undefined ? undefined : String(coding), process)
  return new Response(bodyOf(body), { status, headers })
}

/** Cancelling it destroys the stream, and with it the connection. */
const bodyOf = (incoming: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> => {
  const chunks = incoming[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(body) {
      const { done, value } = await chunks.next()
      if (done) body.close()
      else body.enqueue(value)
    },
    async cancel() {
      await chunks.return?.()
    },
  })
}

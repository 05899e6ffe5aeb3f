// A `fetch` that holds no process open. A pending one holds Node's through its socket; there what is followed is asked
// for with `node:http`, unless the application has set up `fetch` in a way of its own: a proxy, a certificate
// authority, a client certificate. What it says of one request to the issuer it means of all of them.
import { CONNECT_TIMEOUT_MS } from './constants.ts'
import { ACCEPT_ENCODING, type Incoming, decoded } from './decoding.ts'
import type { Fetch } from './jwks.ts'
import { later } from './timer.ts'

const OWN_FETCH = globalThis.fetch

export const unheldFetch: Fetch = (url, init) => {
  const plain = globalThis.fetch === OWN_FETCH && !isFetchSetUp()
  const node = plain ? nodeHttp() : null
  return node === null ? globalThis.fetch(url, init) : askNode(node, url, init)
}

/** Where undici keeps what `setGlobalDispatcher` was given, Node's own copy of it and the one of npm alike. */
const DISPATCHERS = [
  Symbol.for('undici.globalDispatcher.1'),
  Symbol.for('undici.globalDispatcher.2'),
]

type Dispatcher = { dispatch?: unknown; [symbol: symbol]: unknown }

/**
 * Whether it is anything but what undici puts there itself when it is first used. With `NODE_USE_ENV_PROXY` Node puts
 * another one there before the program begins. What this does not know is taken for the application's.
 */
const isFetchSetUp = (): boolean =>
  DISPATCHERS.some((name) => {
    const dispatcher = (globalThis as Record<symbol, unknown>)[name] as Dispatcher | undefined
    return dispatcher !== undefined && !isPlainAgent(dispatcher)
  })

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
    process,
    'http:': process.getBuiltinModule('node:http'),
    'https:': process.getBuiltinModule('node:https'),
  }
}

const askNode = (node: NodeHttp, url: string, init: RequestInit): Promise<Response> =>
  new Promise((resolve, reject) => {
    const { request } = node[new URL(url).protocol as 'http:' | 'https:']
    const headers = {
      'accept-encoding': ACCEPT_ENCODING,
      ...Object.fromEntries(new Headers(init.headers)),
    }
    const options = { headers, ...(init.signal && { signal: init.signal }) }
    const outgoing = request(url, options, (incoming) => {
      callOff()
      if (incoming.statusCode !== 200) outgoing.destroy()
      try {
        resolve(responseOf(incoming, node))
      } catch (error) {
        outgoing.destroy()
        reject(error as Error)
      }
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

// A caching proxy (RFC 9111). It stores each answer for as long as the answer permits. It forwards a request to one of
// several servers in turn, and to the next one where a server does not answer.
import { type IncomingHttpHeaders, type Server, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

type Stored = { status: number; headers: IncomingHttpHeaders; body: Buffer; until: number }

const maxAge = (headers: IncomingHttpHeaders): number => {
  const control = headers['cache-control'] ?? ''
  if (/no-store|private/.test(control)) return 0
  return Number(/max-age=(\d+)/.exec(control)?.[1] ?? 0)
}

const ask = (url: string): Promise<Omit<Stored, 'until'>> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 502, headers } = response
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks) })
      })
    })
    sent.on('error', reject)
    sent.end()
  })

/** `ignoresNoCache`: the proxy ignores `no-cache` in a request, as many shared caches do. */
export const startCachingProxy = async (
  port: number,
  upstreams: () => string[],
  { ignoresNoCache = false } = {},
) => {
  const stored = new Map<string, Stored>()
  const count = { hits: 0, misses: 0 }
  let turn = 0

  const fetchAnywhere = async (path: string): Promise<Omit<Stored, 'until'>> => {
    const urls = upstreams()
    for (let tries = 0; tries < urls.length; tries++) {
      const answer = await ask(`${urls[turn++ % urls.length]}${path}`).catch(() => null)
      if (answer !== null) return answer
    }
    return { status: 502, headers: {}, body: Buffer.alloc(0) }
  }

  const answer = async (path: string, fresh: boolean): Promise<Stored> => {
    const known = stored.get(path)
    if (known !== undefined && Date.now() < known.until && !fresh) {
      count.hits += 1
      return known
    }
    count.misses += 1
    const got = await fetchAnywhere(path)
    const entry = { ...got, until: Date.now() + maxAge(got.headers) * 1000 }
    stored.set(path, entry)
    return entry
  }

  const server: Server = createServer((incoming, outgoing) => {
    const asksAnew = /no-cache|max-age=0/.test(incoming.headers['cache-control'] ?? '')
    void answer(incoming.url ?? '/', asksAnew && !ignoresNoCache).then(
      ({ status, headers, body }) => {
        const { 'content-type': type = 'text/plain', 'cache-control': control = '' } = headers
        outgoing.writeHead(status, { 'content-type': type, 'cache-control': control }).end(body)
      },
    )
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: actual } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${actual}`,
    count,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(resolve)
      }),
  }
}

// Content codings of the list and the keys, as a proxy may apply them, requested or not.
import { readFileSync } from 'node:fs'
import { type IncomingHttpHeaders, type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_LIST_BYTES, USER_AGENT } from '../../src/verifier/constants.ts'
import type { Fetch } from '../../src/verifier/net/fetch.ts'
import { createGetBytes } from '../../src/verifier/net/get-bytes.ts'
import { unrefFetch } from '../../src/verifier/net/unref-fetch.ts'

const TEXT = 'a page of the list '.repeat(1_000)

let server: Server
let answer: { headers: Record<string, string>; body: Buffer }
let asked: IncomingHttpHeaders

beforeAll(async () => {
  server = createServer((request, response) => {
    asked = request.headers
    response.writeHead(200, answer.headers)
    response.end(answer.body)
  })
  server.keepAliveTimeout = 0 // a slow test must not lose an idle connection
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/list`

const FETCHES = { 'node:http': unrefFetch, fetch: globalThis.fetch }
const TRANSPORTS = { 'node:http': createGetBytes(), fetch: createGetBytes(globalThis.fetch) }

/** Wraps a fetch and counts the decoded bytes that its caller reads from the body. */
const counted = (fetch: Fetch) => {
  const delivered = { bytes: 0, lastChunk: 0, cancelled: false }
  const counting: Fetch = async (...request) => {
    const response = await fetch(...request)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await reader.read()
          if (done) return controller.close()
          delivered.lastChunk = value.byteLength
          delivered.bytes += value.byteLength
          controller.enqueue(value)
        },
        async cancel() {
          delivered.cancelled = true
          await reader.cancel()
        },
      },
      { highWaterMark: 0 }, // no read-ahead
    )
    return new Response(body, response)
  }
  return { delivered, fetch: counting }
}

const get = async (
  name: keyof typeof TRANSPORTS,
  coding: string | null,
  body: Buffer,
): Promise<string> => {
  answer = { headers: coding === null ? {} : { 'content-encoding': coding }, body }
  return Buffer.from(await TRANSPORTS[name](url(), { timeoutMs: 5_000 })).toString()
}

const plain = Buffer.from(TEXT)

const quickBrotli = (bytes: Buffer): Buffer =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })

describe.each(['node:http', 'fetch'] as const)('response by %s', (name) => {
  test.each<[string | null, Buffer]>([
    [null, plain],
    ['gzip', gzipSync(plain)],
    ['GZIP', gzipSync(plain)],
    ['x-gzip', gzipSync(plain)],
    ['deflate', deflateSync(plain)],
    ['deflate', deflateRawSync(plain)],
    ['deflate', deflateRawSync(plain, { level: 0 })],
    ['br', brotliCompressSync(plain)],
  ])('is decoded from the coding %s: case %#', async (coding, body) => {
    expect(await get(name, coding, body)).toBe(TEXT)
    expect(asked['accept-encoding']).toContain('gzip')
    expect(asked['user-agent']).toBe(USER_AGENT)
  })

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', quickBrotli],
  ] as const)('is cut off when a short %s becomes too long: case %#', async (coding, compress) => {
    answer = {
      headers: { 'content-encoding': coding },
      body: compress(Buffer.alloc(8 * MAX_LIST_BYTES)),
    }
    const { delivered, fetch } = counted(FETCHES[name])
    const asking = createGetBytes(fetch)(url(), { timeoutMs: 5_000 })
    await expect(asking).rejects.toThrow('the answer is too long')
    expect(delivered.bytes).toBeGreaterThan(MAX_LIST_BYTES)
    expect(delivered.bytes - delivered.lastChunk).toBeLessThanOrEqual(MAX_LIST_BYTES)
    expect(delivered.lastChunk).toBeLessThan(MAX_LIST_BYTES / 8)
    expect(delivered.cancelled).toBe(true)
  })
})

test('response with a wrong or truncated coding is refused', async () => {
  await expect(get('node:http', 'gzip', plain)).rejects.toThrow()
  await expect(get('node:http', 'gzip', gzipSync(plain).subarray(0, 60))).rejects.toThrow()
})

test.each(['zstd', 'compress', 'gzip, gzip', 'gzip, br', 'constructor', ','])(
  'response with the coding %j is refused with a reason',
  async (coding) => {
    await expect(get('node:http', coding, gzipSync(plain))).rejects.toThrow('content coding')
    expect(await get('node:http', 'identity', plain)).toBe(TEXT)
  },
)

test('User-Agent names the version of the package', () => {
  const file = new URL('../../src/verifier/package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  expect(USER_AGENT).toBe(`latchkey-verifier/${version}`)
})

// The pages for people: their headers, and the rights of a browser on them.
import { beforeAll, describe, expect, test } from 'vitest'
import { ISSUER, type TestServer, startServer } from '../support/server.ts'

const STYLE = '/docs/style.css'
const SCRIPT = '/docs/script.js'

/** Written by hand, so that a looser policy is noticed. */
const POLICIES: Readonly<Record<string, string>> = {
  '/': "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  '/docs':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
}

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})

describe.each(['/', '/docs'])('page %s', (path) => {
  let response: Response
  let page: string

  beforeAll(async () => {
    response = await server.request(path)
    page = await response.text()
  })

  const matches = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map((m) => m[1] ?? '')

  test('may be cached for five minutes', () => {
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'max-age=300',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      etag: expect.stringMatching(/^"\w+"$/) as unknown,
    })
  })

  test('permits the style sheet and the script of this server, and no inline ones', () => {
    expect(response.headers.get('content-security-policy')).toBe(POLICIES[path])
    expect(page).not.toMatch(/<style|<script(?![^>]*\ssrc=)|\s(on\w+|style|srcset|action|srcdoc)=/i)
  })

  test('answers 304 to the current ETag, with the same policy', async () => {
    const etag = response.headers.get('etag') ?? ''
    const again = await server.request(path, { headers: { 'If-None-Match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect(again.headers.get('content-security-policy')).toBe(
      response.headers.get('content-security-policy'),
    )
  })

  test('answers HEAD with the headers of GET and no body', async () => {
    const headers = { 'X-Request-Id': 'trace-1' }
    const get = await server.request(path, { headers })
    const head = await server.request(path, { headers, method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(new Map(head.headers)).toEqual(new Map(get.headers))
  })

  test.each(['POST', 'PUT', 'DELETE'])('refuses %s', async (method) => {
    const refused = await server.request(path, { method })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('loads files of this server only, and names no other host', async () => {
    expect(page).not.toMatch(/<(img|iframe|object|embed|base)\b/i)
    const loaded = matches(/<(?:link|script)\b[^>]*?\s(?:href|src)="([^"]*)"/g)
    expect(loaded).toEqual(path === '/' ? [STYLE] : [STYLE, SCRIPT])
    const texts = await Promise.all(loaded.map(async (file) => (await server.request(file)).text()))
    for (const text of texts) expect(text).not.toMatch(/\burl\(|@import|\w+:\/\//)
    const origins = matches(/(\w+:\/\/[^\s"'<>/&]+)/g)
    // Examples name servers of this machine, and hosts that are reserved for documentation (RFC 2606).
    const isReserved = (origin: string) =>
      /\/\/(127\.0\.0\.1:\d+|([\w-]+\.)*example\.com)$/.test(origin)
    expect(new Set(origins.filter((origin) => !isReserved(origin)))).toEqual(new Set([ISSUER]))
  })
})

describe.each([
  [STYLE, 'text/css; charset=utf-8'],
  [SCRIPT, 'text/javascript; charset=utf-8'],
])('file %s', (path, type) => {
  test('has its type and is revalidated after five minutes', async () => {
    const { status, headers } = await server.request(path)
    expect(status).toBe(200)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': type,
      'cache-control': 'max-age=300',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    })
    const again = await server.request(path, {
      headers: { 'If-None-Match': headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(304)
  })

  test('has its only spelling and method', async () => {
    expect((await server.request(path, { method: 'POST' })).status).toBe(405)
    expect((await server.request(`${path}/`)).status).toBe(404)
  })
})

test('no other answer has the policy of a page', async () => {
  for (const path of ['/openapi.json', '/healthz', '/docs/']) {
    const { headers } = await server.request(path)
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    )
  }
})

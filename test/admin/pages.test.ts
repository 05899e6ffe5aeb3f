// The pages for people: their headers, and the rights of a browser on them.
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { ISSUER, type TestServer, startServer } from '../support/server.ts'

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

  test('allows its own style sheet only', () => {
    const styles = matches(/<style>([^]*?)<\/style>/g)
    expect(styles).toHaveLength(1)
    const hash = createHash('sha256')
      .update(styles[0] ?? '')
      .digest('base64')
    expect(response.headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
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

  test('loads nothing, runs nothing, and names no other host', () => {
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|form|base)\b/i)
    expect(page).not.toMatch(/\s(on\w+|style|src|srcset|action)=/i)
    expect(page).not.toMatch(/url\(|@import/i)
    const origins = matches(/(\w+:\/\/[^\s"'<>/]+)/g)
    expect(new Set(origins)).toEqual(new Set([ISSUER]))
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

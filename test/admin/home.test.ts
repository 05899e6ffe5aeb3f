// `/`: the page at the address of the start message.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { VERSION } from '../../src/constants.ts'
import { ISSUER, type TestServer, startServer } from '../support/server.ts'

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string }

let server: TestServer
let response: Response
let page: string

beforeAll(async () => {
  server = await startServer()
  response = await server.request('/')
  page = await response.text()
})

const matches = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map((m) => m[1] ?? '')

describe('page /', () => {
  test('names the version of the package and the issuer', () => {
    expect(VERSION).toBe(manifest.version)
    expect(page).toContain(`Latchkey ${VERSION}`)
    expect(page).toContain(`<code>${ISSUER}</code>`)
  })

  test('may be cached for five minutes', () => {
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'max-age=300',
      'x-content-type-options': 'nosniff',
    })
  })

  test('links documents of this server only, and each of them exists', async () => {
    const links = matches(/\bhref="([^"]*)"/g)
    expect(links).toContain('/docs')
    expect(links).toContain('/.well-known/oauth-authorization-server')
    for (const link of links) {
      expect(link).toMatch(/^\/[^/]/)
      expect([link, (await server.request(link)).status]).toEqual([link, 200])
    }
    expect(page).not.toMatch(/\b(src|action)=|<script|<link|@import|url\(/)
  })

  test('allows its own style sheet only', () => {
    const [style = ''] = matches(/<style>([^]*?)<\/style>/g)
    const hash = createHash('sha256').update(style).digest('base64')
    expect(response.headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
  })

  test('answers 304 to the current ETag', async () => {
    const etag = response.headers.get('etag') ?? ''
    const again = await server.request('/', { headers: { 'If-None-Match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test.each(['POST', 'PUT', 'DELETE'])('refuses %s', async (method) => {
    const refused = await server.request('/', { method })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})

// Contents of `/`, the page at the address of the start message.
import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { homePage } from '../../src/admin/reference/home.ts'
import { HOMEPAGE, VERSION } from '../../src/constants.ts'
import { ISSUER, type TestServer, startServer } from '../support/server.ts'

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string; homepage?: string }

let server: TestServer
let page: string

beforeAll(async () => {
  server = await startServer()
  page = await (await server.request('/')).text()
})

describe('page /', () => {
  test('names the version of the package and the issuer', () => {
    expect(VERSION).toBe(manifest.version)
    expect(page).toMatch(/<h1>Latchkey <span[^>]*>(\S+)<\/span><\/h1>/)
    expect(page).toContain(`>${VERSION}</span>`)
    expect(page).toContain(`<code>${ISSUER}</code>`)
  })

  test('names the guides, which exist, while the package has no homepage', async () => {
    expect(HOMEPAGE).toBe(manifest.homepage ?? null)
    const shown = String(await homePage(ISSUER, null))
    const guides = [...shown.matchAll(/<code>([^<]+\.md)<\/code>/g)].map(([, path = '']) => path)
    expect(guides).toHaveLength(4)
    const root = new URL('../../', import.meta.url)
    expect(guides.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
  })

  test('links the homepage of the package', async () => {
    const shown = String(await homePage(ISSUER, 'https://docs.example.com/'))
    expect(shown).toContain('<a href="https://docs.example.com/">')
    expect(shown).not.toContain('.md</code>')
  })

  test('links documents of this server only, and each of them exists', async () => {
    const links = [...page.matchAll(/\bhref="([^"]*)"/g)].map(([, link = '']) => link)
    expect(links).toContain('/docs')
    expect(links).toContain('/.well-known/oauth-authorization-server')
    for (const link of links) {
      expect(link).toMatch(/^\/[^/]/)
      expect([link, (await server.request(link)).status]).toEqual([link, 200])
    }
    expect(page).not.toMatch(/\b(src|action)=|<script|@import|url\(/)
  })
})

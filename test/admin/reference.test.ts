// Contents of `/docs`, the page for readers.
import type { VerificationCode } from '@latchkey/verifier'
import { execFileSync } from 'node:child_process'
import { beforeAll, describe, expect, test } from 'vitest'
import { openApiDocument } from '../../src/admin/reference/openapi-document.ts'
import { operationsOf } from '../../src/admin/reference/paths.ts'
import { referencePage } from '../../src/admin/reference/page.ts'
import { BASE } from '../../src/admin/api/table.ts'
import { REFUSALS } from '../../src/errors.ts'
import { ISSUER, type TestServer, startServer } from '../support/server.ts'

const document = openApiDocument(ISSUER)
const operations = operationsOf(document)

/** Written by hand, so that a code that is missing in the table of the page is noticed. */
const OTHER_CODES: readonly (
  VerificationCode | 'store_unavailable' | 'answer_ended' | 'server_error'
)[] = [
  'token_missing',
  'token_malformed',
  'token_untrusted',
  'token_expired',
  'token_not_yet_valid',
  'token_revoked',
  'permission_missing',
  'keys_unavailable',
  'revocations_stale',
  'store_unavailable',
  'answer_ended',
  'server_error',
]

/** Average over the endpoints, schemas and the tables of codes included. */
const MAX_PAGE_BYTES_PER_ENDPOINT = 5_500
/** Style sheet and script together. */
const MAX_FILE_BYTES = 28_000

let server: TestServer
let page: string

beforeAll(async () => {
  server = await startServer()
  page = await (await server.request('/docs')).text()
})

/** Text of a piece of the page, which has no markup but spans. */
const textOf = (markup: string): string =>
  markup
    .replaceAll(/<\/?span[^>]*>/g, '')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

const matches = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map((m) => m[1] ?? '')

test('page /docs has at most MAX_PAGE_BYTES_PER_ENDPOINT bytes for each endpoint', () => {
  expect(Buffer.byteLength(page)).toBeLessThan(MAX_PAGE_BYTES_PER_ENDPOINT * operations.length)
})

test('style sheet and script of /docs have at most MAX_FILE_BYTES bytes together', async () => {
  const files = ['/docs/style.css', '/docs/script.js']
  const texts = await Promise.all(files.map(async (file) => (await server.request(file)).text()))
  expect(Buffer.byteLength(texts.join(''))).toBeLessThan(MAX_FILE_BYTES)
})

describe('contents of /docs', () => {
  test('have every operation at its address', () => {
    expect(operations.length).toBeGreaterThan(30)
    const shown = matches(/<article\s+class="operation"\s+id="operation-([^"]+)"/g)
    expect(shown.sort()).toEqual(operations.map(({ operationId }) => operationId).sort())
    for (const { path } of operations) expect(page).toContain(`<code>${BASE}${path}</code>`)
  })

  test('have the parameters and members of each operation', () => {
    for (const { operationId, parameters = [] } of operations) {
      const card = page.split(`id="operation-${operationId}"`)[1]?.split('</article>')[0]
      for (const parameter of parameters) {
        expect(card).toContain(`<code>${(parameter as { name: string }).name}</code>`)
      }
    }
    const card = page.split('id="operation-clientCreate"')[1]?.split('</article>')[0]
    for (const member of ['name', 'workspace_id', 'grants', 'grants[].permissions', 'token_ttl']) {
      expect(card).toContain(`<code>${member}</code>`)
    }
  })

  test('explain every code of the API', () => {
    const ids = matches(/<tr id="([^"]+)"/g)
    expect(ids.sort()).toEqual([...Object.keys(REFUSALS), ...OTHER_CODES].sort())
  })

  test('name each operation by its summary, in its group', () => {
    for (const { operationId, summary = '', tags = [] } of operations) {
      const card = page.split(`id="operation-${operationId}"`)[1]?.split('</article>')[0] ?? ''
      expect(card).toContain(`<a href="#operation-${operationId}">${summary}</a>`)
      const section = page.split(`id="noun-${tags[0]}"`)[1]?.split('<h2')[0]
      expect(section).toContain(`id="operation-${operationId}"`)
    }
  })

  test('list the operations of each group below its heading', () => {
    for (const { operationId, tags = [] } of operations) {
      const section = page.split(`id="noun-${tags[0]}"`)[1]?.split('</ul>')[0]
      expect(section).toContain(`<a href="#operation-${operationId}">`)
    }
  })

  test('have an example request and an example answer of each operation', () => {
    for (const { operationId, method } of operations) {
      const card = page.split(`id="operation-${operationId}"`)[1]?.split('</article>')[0] ?? ''
      expect(card.match(/<figcaption>/g), operationId).toHaveLength(2)
      expect(card).toContain('curl -sS -H @-')
      expect(card.includes(`-X ${method.toUpperCase()}`), operationId).toBe(method !== 'get')
      expect(card).not.toMatch(/{\w+}'/)
      expect(card, operationId).not.toMatch(/\/admin\/v1[^'\s<]*\/(&#39;|'|\/)/)
    }
  })

  test('have requests that a shell passes to curl as they are shown', () => {
    const requests = matches(/<figcaption>Request<\/figcaption>\s*<pre><code>([^]*?)<\/code>/g)
    expect(requests).toHaveLength(operations.length)
    const script = requests.map((request) => `${textOf(request)}\necho END`).join('\n')
    const curl = `curl() { cat; for word; do printf '\\n%s' "$word"; done; echo; }\nTOKEN=t\n`
    const runs = execFileSync('sh', ['-c', curl + script], { encoding: 'utf8' }).split('END\n')
    for (const [i, { operationId, method, path }] of operations.entries()) {
      const [header, ...words] = runs[i]?.split('\n') ?? []
      expect(header).toBe('Authorization: Bearer t')
      const pattern = path.replaceAll(/{\w+}/g, '[^/?]+')
      const address = new RegExp(`^${ISSUER}${BASE}${pattern}([?]\\w+=\\S+)?$`)
      expect(
        words.filter((word) => address.test(word)),
        operationId,
      ).toHaveLength(1)
      const body = words.indexOf('-d') + 1
      if (body > 0) expect(JSON.parse(words.slice(body).join('\n'))).toBeTypeOf('object')
      if (method !== 'get') expect(words.slice(3, 5)).toEqual(['-X', method.toUpperCase()])
    }
  })

  test('have a number and a needed filter in the address of an example', () => {
    expect(page).toContain(`${BASE}/revocations/1241&#39;`)
    expect(page).toContain(`${BASE}/tokens?client_id=lkc_`)
  })

  test('explain each code of an operation beside it', () => {
    const card = page.split('id="operation-clientCreate"')[1]?.split('</article>')[0] ?? ''
    for (const code of ['exceeds_own_grant', 'unbound_required', 'unknown_reference'] as const) {
      const [status, title] = REFUSALS[code]
      expect(card).toContain(
        `<b>${status}</b> <a href="#${code}"><code>${code}</code></a> ${title}`,
      )
    }
  })

  test('explain a problem at the address of its type', async () => {
    const problem = (await (await server.request(`${BASE}/clients`)).json()) as { type: string }
    const { pathname, hash } = new URL(problem.type)
    expect([pathname, hash]).toEqual(['/docs', '#token_missing'])
    expect(page).toContain(`id="${hash.slice(1)}"`)
  })

  test('have no dangling link and no repeated id', () => {
    const ids = matches(/\sid="([^"]+)"/g)
    expect(new Set(ids).size).toBe(ids.length)
    const targets = new Set(matches(/\shref="#([^"]*)"/g))
    expect([...targets].filter((target) => !ids.includes(target))).toEqual([])
  })

  test('link the page / and openapi.json only', () => {
    const elsewhere = matches(/\shref="([^"]*)"/g).filter((href) => !href.startsWith('#'))
    expect(elsewhere).toEqual(['/docs/style.css', '/', '/openapi.json'])
  })

  test('have headings and table scopes for screen readers', () => {
    expect(page).toContain('<html lang="en">')
    expect(page).toMatch(/<title>[^<]+<\/title>/)
    const levels = matches(/<h(\d)\b/g).map(Number)
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    expect(levels[0]).toBe(1)
    expect(levels.filter((level, i) => i > 0 && level > (levels[i - 1] ?? 0) + 1)).toEqual([])
    expect(page).not.toMatch(/<th(?![^>]*\sscope=)(?!ead)/)
  })
})

test('text of the document never becomes markup in /docs', async () => {
  const hostile = `"'><script>alert(1)</script>\`<b onload=x>\``
  const schema = {
    type: 'object' as const,
    description: hostile,
    properties: { [hostile]: { type: 'string' as const, enum: [hostile], pattern: hostile } },
  }
  const operation = {
    operationId: hostile,
    summary: hostile,
    description: hostile,
    tags: [hostile],
    security: [{ oauth2: [hostile] }],
    parameters: [{ in: 'query' as const, name: hostile, description: hostile, schema }],
    requestBody: { content: { 'application/json': { schema } } },
    responses: { [hostile]: { description: hostile, headers: { [hostile]: {} } } },
  }
  const rendered = String(
    await referencePage(
      {
        openapi: '3.1.1',
        info: { title: hostile, version: hostile, description: hostile },
        tags: [{ name: hostile, description: hostile }],
        paths: { [hostile]: { get: operation } },
        components: { schemas: { [hostile]: schema } },
      },
      ISSUER,
    ),
  )
  expect(rendered).not.toMatch(/<script(?! src="\/docs\/script\.js" defer)|<b onload|"'>/)
  expect(rendered.split('&lt;script&gt;').length).toBeGreaterThan(15)
})

// `GET /`: the page that a person finds at the address of the start message, with links to all documents.
import { html } from 'hono/html'
import { HOMEPAGE, VERSION } from '../../constants.ts'
import type { AppContext, Deps } from '../../deps.ts'
import { createDocument } from '../../http/document.ts'
import { PAGE_HEADERS, pageOf } from './html.ts'
import type { Markup } from './schema.ts'

type Link = readonly [path: string, name: string, content: string]

/** Pages and documents that need no token. */
const GROUPS: readonly (readonly [heading: string, links: readonly Link[]])[] = [
  [
    'For administrators',
    [
      ['/docs', 'Reference', 'every operation of the admin API, with examples and all codes'],
      ['/openapi.json', 'OpenAPI document', 'the same for programs (OpenAPI 3.1)'],
    ],
  ],
  [
    'For clients and resource servers',
    [
      [
        '/.well-known/oauth-authorization-server',
        'Metadata',
        'addresses and methods of the token endpoint and the others (RFC 8414)',
      ],
      ['/.well-known/jwks.json', 'Public keys', 'the keys that verify tokens (RFC 7517)'],
      ['/oauth/revocations', 'Revocation list', 'the signed rules that revoke tokens'],
    ],
  ],
  ['For operators', [['/readyz', 'Readiness', 'whether the server can issue tokens now']]],
]

/** Makes the page once, at the start. */
export const home = ({ issuer }: Pick<Deps, 'issuer'>) => {
  const send = createDocument()
  const page = String(homePage(issuer, HOMEPAGE))
  return (c: AppContext) => send(c, page, PAGE_HEADERS)
}

/** @param homepage address of the documentation; null: readers find it in the source */
export const homePage = (issuer: string, homepage: string | null): Markup =>
  pageOf(
    { title: 'Latchkey' },
    html`<main class="home">
      <h1>Latchkey <span class="version">${VERSION}</span></h1>
      <p class="claim">
        OAuth 2.0 authorization server for machines. Its tokens can be revoked within a second.
      </p>
      <p>The issuer is <code>${issuer}</code>.</p>
      ${GROUPS.map(
        ([heading, links]) =>
          html`<h2>${heading}</h2>
            <ul class="links">
              ${links.map(linkLine)}
            </ul>`,
      )}
      <h2>Guides</h2>
      ${homepage === null ? IN_THE_SOURCE : html`<p><a href="${homepage}">${homepage}</a></p>`}
    </main>`,
  )

const IN_THE_SOURCE = html`<p>
  The guides are in the source: <code>README.md</code> for the first token,
  <code>docs/tokens.md</code> for clients, <code>src/verifier/README.md</code> for APIs,
  <code>docs/operation.md</code> for operators.
</p>`

const linkLine = ([path, name, content]: Link): Markup =>
  html`<li>
    <a href="${path}">${name}</a>
    <code>${path}</code>
    <span>${content}</span>
  </li>`

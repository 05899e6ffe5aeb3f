// `GET /`: the page that a person finds at the address of the start message, with links to all documents.
import { html } from 'hono/html'
import { VERSION } from '../../constants.ts'
import type { AppContext, Deps } from '../../deps.ts'
import { createDocument } from '../../http/document.ts'
import { PAGE_HEADERS, pageOf } from './html.ts'
import type { Markup } from './schema.ts'

/** Documents that need no token, each with its content. */
const LINKS: Record<string, string> = {
  '/docs': 'the admin API, and the codes of all refusals',
  '/openapi.json': 'the same for programs (OpenAPI 3.1)',
  '/.well-known/oauth-authorization-server': 'the metadata: addresses and methods (RFC 8414)',
  '/.well-known/jwks.json': 'the public keys of the tokens (RFC 7517)',
  '/oauth/revocations': 'the signed revocation list',
  '/readyz': 'whether the server can issue tokens now',
}

/** Makes the page once, at the start. */
export const home = ({ issuer }: Pick<Deps, 'issuer'>) => {
  const send = createDocument()
  const page = String(homePage(issuer))
  return (c: AppContext) => send(c, page, PAGE_HEADERS)
}

const homePage = (issuer: string): Markup =>
  pageOf(
    'Latchkey',
    html`<main class="page">
      <h1>Latchkey ${VERSION}</h1>
      <p>
        OAuth 2.0 authorization server for machines. Its tokens can be revoked within a second. The
        issuer is <code>${issuer}</code>.
      </p>
      <ul>
        ${Object.entries(LINKS).map(
          ([path, content]) => html`<li><a href="${path}">${path}</a>: ${content}</li>`,
        )}
      </ul>
      <p>
        The guides for operators and developers are in the folder <code>docs</code> of the source.
      </p>
    </main>`,
  )

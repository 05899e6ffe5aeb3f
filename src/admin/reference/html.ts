// Pages for people. They load the style sheet and the script of this server, and nothing else.
import { html } from 'hono/html'
import type { AppContext } from '../../deps.ts'
import { createDocument } from '../../http/document.ts'
import { SCRIPT } from './browser/script.ts'
import type { Markup } from './schema.ts'
import { STYLE } from './style.ts'

/** Addresses of what the pages load. */
export const STYLE_PATH = '/docs/style.css'
export const SCRIPT_PATH = '/docs/script.js'

const CACHING = 'max-age=300'

/** Directives of every page: nothing is inline, so that no text of the document can become a style or a script. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]

/** The script talks to this server alone, and no string becomes markup (Trusted Types). */
const SCRIPT_POLICY = [
  ...POLICY,
  "script-src 'self'",
  "connect-src 'self'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
]

const headersOf = (policy: readonly string[]) => ({
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': CACHING,
  'Content-Security-Policy': policy.join('; '),
})

/** Headers of a page without a script. */
export const PAGE_HEADERS = headersOf(POLICY)

/** Headers of a page with the script. */
export const SCRIPT_HEADERS = headersOf(SCRIPT_POLICY)

/** Makes a whole document. */
export const pageOf = (
  { title, script = false }: { title: string; script?: boolean },
  body: Markup,
): Markup =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="stylesheet" href="${STYLE_PATH}" />
        ${script ? html`<script src="${SCRIPT_PATH}" defer></script>` : ''}
      </head>
      <body>
        ${body}
      </body>
    </html>`

const textOf = (type: string, text: string) => () => {
  const send = createDocument()
  const headers = { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': CACHING }
  return (c: AppContext) => send(c, text, headers)
}

export const styleSheet = textOf('text/css', STYLE)
export const script = textOf('text/javascript', SCRIPT)

// Pages for people. A page loads nothing and has no script: its one style sheet is inline, and the policy has the style
// sheet's hash.
import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import type { Markup } from './schema.ts'
import { STYLE } from './style.ts'

/** Headers of a page. The policy permits the page's own style sheet and nothing else. */
export const PAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'max-age=300',
  'Content-Security-Policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
}

/** The element in one piece: the browser hashes all text between its tags. */
const STYLE_ELEMENT = raw(`<style>${STYLE}</style>`)

/** Makes a whole document. */
export const pageOf = (title: string, body: Markup): Markup =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        ${body}
      </body>
    </html>`

// Documents that change rarely: bytes and validator (RFC 9110 §8.8.3) are computed once for each
// text.
import { createHash } from 'node:crypto'
import type { AppContext } from '../deps.ts'
import { respond } from './respond.ts'

type SendDocument = (
  c: AppContext,
  text: string,
  headers: Readonly<Record<string, string>>,
) => Response

/**
 * Caches the latest text. All answers share its bytes, so a client that does not read its answer
 * costs no copy. A client whose cache has the document receives 304.
 */
export const createDocument = (): SendDocument => {
  let latest: { text: string; bytes: Uint8Array<ArrayBuffer>; etag: string } | undefined
  return (c, text, headers) => {
    if (latest?.text !== text) {
      const etag = `"${createHash('sha256').update(text).digest('hex')}"`
      latest = { text, bytes: new TextEncoder().encode(text), etag }
    }
    const { bytes, etag } = latest
    const validated: Record<string, string> = { ...headers, ETag: etag }
    const known = c.req.header('if-none-match')
    if (known === undefined || !hasEtag(known, etag)) return respond(c, 200, bytes, validated)
    // RFC 9110 §15.4.5: without the headers that describe a content.
    const { 'Content-Type': _type, ...retained } = validated
    return respond(c, 304, null, retained)
  }
}

/** The weak comparison of `If-None-Match` (RFC 9110 §13.1.2): every second part is in quotes. */
const hasEtag = (header: string, etag: string): boolean =>
  header === '*' ||
  header
    .split('"')
    .some((part, i, { length }) => i % 2 === 1 && i < length - 1 && `"${part}"` === etag)

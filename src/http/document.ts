// Documents that change rarely: bytes and validator (RFC 9110 §8.8.3) are computed once for each
// text.
import { createHash } from 'node:crypto'
import type { AppContext } from '../deps.ts'
import { respond } from './respond.ts'

type SendDocument = (c: AppContext, text: string, headers: Record<string, string>) => Response

/**
 * Caches the latest text. All answers share its bytes, so a client that does not read its answer
 * costs no copy.
 */
export const createDocument = (): SendDocument => {
  let latest: { text: string; bytes: Uint8Array<ArrayBuffer>; etag: string } | undefined
  return (c, text, headers) => {
    if (latest?.text !== text) {
      const etag = `"${createHash('sha256').update(text).digest('hex')}"`
      latest = { text, bytes: new TextEncoder().encode(text), etag }
    }
    return respond(c, 200, latest.bytes, { ...headers, ETag: latest.etag })
  }
}

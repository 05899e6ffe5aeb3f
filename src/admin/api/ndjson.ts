// Exports as lines of JSON, sent while they are read: a year of events does not fit into memory.
import { respond } from '../../http/respond.ts'
import type { AppContext, Deps } from '../../deps.ts'
import { reasonOf } from '../../errors.ts'
import { toJson } from '../../text/text.ts'
import type { Export } from './endpoint.ts'

/**
 * Streams the lines. An error aborts the transfer: the server closes the HTTP/1.1 connection without the last chunk,
 * and every client reports an incomplete body (RFC 9112 §8).
 */
export const ndjsonResponse = (
  c: AppContext,
  { rows }: Export<unknown>,
  { headers, log }: { headers: Record<string, string> } & Pick<Deps, 'log'>,
): Response => {
  const requestId = c.get('requestId')
  const iterator = rows[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await iterator.next()
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(`${toJson(value)}\n`))
      } catch (error) {
        log.warn({ requestId, reason: codeOf(error) }, 'an export was aborted')
        controller.error(error)
      }
    },
    async cancel() {
      await iterator.return?.()
    },
  })
  return respond(c, 200, body, { ...headers, 'Content-Type': 'application/x-ndjson' })
}

/** The stable code of this project's own errors; another error's name. */
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : reasonOf(error)

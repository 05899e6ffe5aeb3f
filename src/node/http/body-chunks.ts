// Chunks of a request body, gathered before the stream of the request receives them.
import type { IncomingMessage } from 'node:http'

/**
 * Gathers chunks that the HTTP parser of Node pushes into the stream of a request. Chunked bodies may come in chunks of
 * one byte (RFC 9112 §7.1), and each of them would wake the reader of the stream.
 * @returns a function that hands over the gathered chunks. It must be called behind each slice of input
 */
export const gatherChunks = (request: IncomingMessage): (() => void) => {
  const push = request.push.bind(request)
  let gathered: Buffer[] = []
  let takesMore = true
  const flush = (): void => {
    if (gathered.length === 0) return
    const [first] = gathered
    takesMore = push(gathered.length === 1 ? first : Buffer.concat(gathered))
    gathered = []
  }
  request.push = (chunk: Buffer | null): boolean => {
    if (chunk === null) {
      flush()
      return push(null)
    }
    gathered.push(chunk)
    return takesMore // answer of the stream to the slice before: the parser stops reading one slice late
  }
  return flush
}

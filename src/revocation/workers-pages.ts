// Compression on Cloudflare Workers, by the web's streams.
import { WORKERS_PAGES_MAX_BYTES } from '../constants.ts'
import type { Bytes, PageHost } from './page-host.ts'

const bytesOf = async (stream: ReadableStream): Promise<Bytes> =>
  new Uint8Array(await new Response(stream).arrayBuffer())

const streamOf = (bytes: Bytes): ReadableStream<Bytes> => new Blob([bytes]).stream()

export const workersPages: PageHost = {
  gzip: (bytes) => bytesOf(streamOf(bytes).pipeThrough(new CompressionStream('gzip'))),
  gunzip: (bytes) => bytesOf(streamOf(bytes).pipeThrough(new DecompressionStream('gzip'))),
  maxBytes: WORKERS_PAGES_MAX_BYTES,
  sharesWork: false,
}

// Decodes the content codings of answers to `node:http` (RFC 9110 §8.4.1). A `fetch` decodes by
// itself.

export type Incoming = NodeJS.ReadableStream & AsyncIterable<Uint8Array>

/** The function of `node:zlib` for each coding. */
const DECODERS = {
  gzip: 'createGunzip',
  'x-gzip': 'createGunzip',
  deflate: 'createInflate', // `createInflateRaw` for raw data
  br: 'createBrotliDecompress',
} as const

export const ACCEPT_ENCODING = 'gzip, deflate, br'

type Node = Pick<typeof globalThis.process, 'getBuiltinModule'>

/**
 * The body of an answer, decoded as it is read: a reader stops at its limit. A proxy may have
 * applied a coding that was not requested.
 * @throws Error for an unknown coding, or several
 */
export const decoded = (
  incoming: Incoming,
  coding: string | undefined,
  node: Node,
): AsyncIterable<Uint8Array> => {
  const name = (coding ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return incoming
  if (!Object.hasOwn(DECODERS, name)) {
    throw new Error(`the answer’s content coding is none of: ${ACCEPT_ENCODING}`)
  }
  if (name === 'deflate') return inflated(incoming, node)
  return decodedBy(DECODERS[name as keyof typeof DECODERS], incoming, node)
}

const decodedBy = (
  create: (typeof DECODERS)[keyof typeof DECODERS] | 'createInflateRaw',
  source: Incoming,
  node: Node,
): AsyncIterable<Uint8Array> => {
  const decoder = node.getBuiltinModule('node:zlib')[create]()
  // A failure of either stream ends both, and reaches the reader.
  node.getBuiltinModule('node:stream').pipeline(source, decoder, () => {})
  return decoder
}

/**
 * The compression method in the first byte of the zlib format (RFC 1950 §2.2): no encoder begins
 * raw data with it.
 */
const ZLIB_METHOD = 8

/**
 * Decodes the zlib format (RFC 9110 §8.4.1.2). Some senders omit its frame: the first byte decides.
 */
const inflated = async function* (incoming: Incoming, node: Node): AsyncGenerator<Uint8Array> {
  const chunks = (incoming as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  const first = await chunks.next()
  const byte = first.done === true ? ZLIB_METHOD : (first.value[0] ?? ZLIB_METHOD)
  const whole = async function* () {
    if (first.done !== true) yield first.value
    yield* { [Symbol.asyncIterator]: () => chunks }
  }
  const source = node.getBuiltinModule('node:stream').Readable.from(whole(), { objectMode: false })
  const isFramed = (byte & 0x0f) === ZLIB_METHOD
  yield* decodedBy(isFramed ? 'createInflate' : 'createInflateRaw', source, node)
}

// Content codings of answers that Node hands over as they were sent (RFC 9110 §8.4.1). A fetch of any other runtime
// decodes by itself.

export type Incoming = NodeJS.ReadableStream & AsyncIterable<Uint8Array>

/** Makes of each coding the stream that undoes it. */
const DECODERS = {
  gzip: 'createGunzip',
  'x-gzip': 'createGunzip',
  deflate: 'createInflate',
  br: 'createBrotliDecompress',
} as const

export const ACCEPT_ENCODING = 'gzip, deflate, br'

type Node = Pick<typeof globalThis.process, 'getBuiltinModule'>

/**
 * The body of an answer, decoded while it is read: whoever reads it stops where it is too long. A proxy may have
 * applied the coding although nobody asked for it.
 * @throws Error for a coding that is not known, or several
 */
export const decoded = (incoming: Incoming, coding: string | undefined, node: Node): Incoming => {
  const name = (coding ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return incoming
  if (!Object.hasOwn(DECODERS, name)) {
    throw new Error(`the answer’s content coding is none of: ${ACCEPT_ENCODING}`)
  }
  const decoder = node.getBuiltinModule('node:zlib')[DECODERS[name as keyof typeof DECODERS]]()
  // A failure of either ends both, and is told to whoever reads.
  node.getBuiltinModule('node:stream').pipeline(incoming, decoder, () => {})
  return decoder
}

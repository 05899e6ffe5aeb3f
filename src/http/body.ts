// The body of a request, bounded before anything is made of it.

/** RFC 8259 §11; in UTF-8, which is all that JSON on the wire may be. */
export const isJsonType = (headers: Headers): boolean =>
  /^application\/json *(; *charset="?utf-?8"? *)?$/.test(
    (headers.get('content-type') ?? '').toLowerCase(),
  )

/** @returns the bytes, `too_large` past `maxBytes`, `broken_off` where the sender did not send all */
export const readBody = async (
  request: Request,
  maxBytes: number,
): Promise<Uint8Array | 'too_large' | 'broken_off'> => {
  const declared = request.headers.get('content-length')
  if (Number(declared ?? 0) > maxBytes) return 'too_large'
  try {
    // A declared length is what the HTTP parser holds the body to; a body without one is counted as it comes.
    if (declared === null) return await readCounted(request.body, maxBytes)
    const body = new Uint8Array(await request.arrayBuffer())
    return body.byteLength > maxBytes ? 'too_large' : body // for runtimes that do not
  } catch {
    return 'broken_off'
  }
}

const readCounted = async (
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | 'too_large'> => {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.byteLength
    if (length > maxBytes) return 'too_large'
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

// The body of a request, bounded before anything is made of it.

export type MediaType = 'application/json' | 'application/x-www-form-urlencoded'

/** Why a body cannot be read, and the header's value or the part of it that is refused. */
export type BodyProblem = { problem: 'media_type' | 'charset' | 'coding'; sent: string }

/** Character sets in which the 128 characters of ASCII are the same bytes as in UTF-8. */
const ASCII_SUPERSET =
  /^(?:utf-?8|(?:us-)?ascii|iso[-_]?8859-\d{1,2}|latin-?\d{1,2}|(?:windows-|cp)125\d|koi8-[ru]|macintosh|gb(?:k|2312|18030)|big5|euc-(?:jp|kr)|shift_jis)$/

const UTF8_NAME = /^utf-?8$/

/** The value of a parameter, without quotes and in lower case. */
const unquoted = (text: string): string =>
  text
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .toLowerCase()

const charsetsOf = (parameters: readonly string[]): string[] =>
  parameters.flatMap((parameter) => {
    const equals = parameter.indexOf('=')
    const isCharset = parameter.slice(0, equals).trim().toLowerCase() === 'charset'
    return isCharset ? [unquoted(parameter.slice(equals + 1))] : []
  })

/**
 * Checks `Content-Type` (RFC 9110 §8.3) and `Content-Encoding` (§8.4). Other parameters than `charset` are ignored,
 * and so is `identity`, which names the absence of a coding.
 * @returns the character set, or what is refused before the body is read
 */
export const checkBodyHeaders = (
  headers: Headers,
  expected: MediaType,
): { charset: string } | BodyProblem => {
  const sent = headers.get('content-type') ?? ''
  const [type = '', ...parameters] = sent.split(';')
  // Several header fields arrive as one value with commas.
  if (type.trim().toLowerCase() !== expected || parameters.some((text) => text.includes(','))) {
    return { problem: 'media_type', sent }
  }
  const coding = headers.get('content-encoding') ?? ''
  const codings = coding.split(',').map((text) => text.trim().toLowerCase())
  if (!codings.every((name) => name === '' || name === 'identity')) {
    return { problem: 'coding', sent: coding }
  }
  const [charset = 'utf-8', ...others] = new Set(charsetsOf(parameters))
  const readable = others.length === 0 && ASCII_SUPERSET.test(charset)
  return readable ? { charset } : { problem: 'charset', sent: [charset, ...others].join(' ') }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** True if every byte is one of ASCII. */
const isAscii = (bytes: Uint8Array): boolean => bytes.every((byte) => byte < 0x80)

/** @returns the text, a problem for bytes that the character set gives another meaning, null for malformed UTF-8 */
export const decodeBody = (bytes: Uint8Array, charset: string): string | BodyProblem | null => {
  if (!UTF8_NAME.test(charset) && !isAscii(bytes)) return { problem: 'charset', sent: charset }
  try {
    return UTF8.decode(bytes)
  } catch {
    return null
  }
}

/** True for UTF-8, the one character set in which percent-encoded bytes and bytes above ASCII are read. */
export const isUtf8 = (charset: string): boolean => UTF8_NAME.test(charset)

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

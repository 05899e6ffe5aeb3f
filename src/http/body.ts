// Bodies of requests: their headers are checked and their size bounded before they are parsed.

export type MediaType = 'application/json' | 'application/x-www-form-urlencoded'

/**
 * The problem that makes a body unreadable, and the refused header value or the refused part of it.
 */
export type BodyProblem = { problem: 'media_type' | 'charset' | 'coding'; sent: string }

/** The character set of a body: its name as sent, and whether that means UTF-8. */
export type Charset = { name: string; isUtf8: boolean }

/** The character set of a body whose `Content-Type` names none. */
const UTF_8: Charset = { name: 'utf-8', isUtf8: true }

/** Names of UTF-8 (WHATWG Encoding §4.2), without `-` and `_`. */
const UTF8_NAME = /^(?:utf8|csutf8|x?unicode(?:11|20)utf8)$/

/**
 * Numbers of code pages of EBCDIC, UTF-16, UTF-32 and UTF-7. Microsoft's numbers of EBCDIC begin at
 * 20000.
 */
const OTHER_PAGES = new Set([
  37, 38, 256, 259, 273, 274, 275, 277, 278, 279, 280, 281, 282, 284, 285, 286, 290, 293, 297, 300,
  410, 420, 421, 423, 424, 500, 803, 833, 834, 835, 836, 837, 838, 870, 871, 875, 880, 905, 918,
  924, 930, 931, 933, 935, 937, 939, 1025, 1026, 1027, 1047, 1097, 1112, 1122, 1123, 1130, 1132,
  1137, 1140, 1141, 1142, 1143, 1144, 1145, 1146, 1147, 1148, 1149, 1153, 1154, 1155, 1156, 1157,
  1158, 1160, 1164, 1364, 1371, 1388, 1390, 1399, 1200, 1201, 12_000, 12_001, 65_000,
])

const isOtherPage = (name: string): boolean => {
  const digits = /^(?:x|cs)?(?:ibm|cp|ccsid|windows)(\d{2,6})$/.exec(name)?.[1]
  const page = Number(digits ?? 0)
  return OTHER_PAGES.has(page) || OTHER_PAGES.has(page - 20_000)
}

/**
 * Names, letters and digits alone, of sets in which a byte of ASCII means another character or a
 * part of one.
 */
const OTHER_ASCII =
  /utf(?:7|16|32)|ucs[24]|^(?:cs)?unicode(?!11utf8|20utf8)|iso10646(?!utf8)|iso2022|^(?:cs)?hz|bocu1|ebcdic|ibm(?:thai|symbols)/

/** True for a character set that reads the 128 bytes of ASCII differently from UTF-8. */
const readsAsciiOtherwise = (charset: string): boolean => {
  const name = charset.toLowerCase().replace(/[^a-z0-9]/g, '')
  return isOtherPage(name) || OTHER_ASCII.test(name)
}

/**
 * True for UTF-8, the only character set in which the server reads bytes and percent-encoded bytes
 * above ASCII.
 */
const isUtf8 = (charset: string): boolean =>
  UTF8_NAME.test(charset.toLowerCase().replace(/[-_]/g, ''))

/**
 * The value of a single field. Several fields arrive as one value with commas; only a quoted string
 * (RFC 9110 §5.6.4) may have commas.
 */
const ONE_FIELD = /^(?!;)(?:[^",]|"(?:[^"\\]|\\.)*")*$/

/** The text between semicolons; those within quoted strings do not count. */
const PART = /(?:[^";]|"(?:[^"\\]|\\.)*")+/g

/** Removes the quotes and escapes of a quoted string. A token stays as it is. */
const unquoted = (text: string): string => {
  const inner = /^"(.*)"$/.exec(text)?.[1]
  return inner === undefined ? text : inner.replace(/\\(.)/g, '$1').trim()
}

const charsetsOf = (parameters: readonly string[]): string[] =>
  parameters.flatMap((parameter) => {
    const equals = parameter.indexOf('=')
    const isCharset = parameter.slice(0, equals).trim().toLowerCase() === 'charset'
    return isCharset ? [unquoted(parameter.slice(equals + 1).trim())] : []
  })

/** @returns the parameters of the media type; null for a type other than `expected` */
const parametersOf = (contentType: string, expected: MediaType): string[] | null => {
  if (contentType === expected) return []
  const [type = '', ...parameters] = ONE_FIELD.test(contentType)
    ? (contentType.match(PART) ?? [])
    : []
  return type.trim().toLowerCase() === expected ? parameters : null
}

const isIdentity = (coding: string): boolean =>
  coding
    .split(',')
    .map((text) => text.trim().toLowerCase())
    .every((name) => name === '' || name === 'identity')

/**
 * Checks `Content-Type` (RFC 9110 §8.3) and `Content-Encoding` (§8.4) before the body is read.
 * Ignores parameters other than `charset`, and the coding `identity`, which means none.
 * @returns the character set, or the problem
 */
export const checkBodyHeaders = (
  headers: Headers,
  expected: MediaType,
): { charset: Charset } | BodyProblem => {
  const sent = headers.get('content-type') ?? ''
  const parameters = parametersOf(sent, expected)
  if (parameters === null) return { problem: 'media_type', sent }
  const coding = headers.get('content-encoding') ?? ''
  if (!isIdentity(coding)) return { problem: 'coding', sent: coding }
  const charsets = charsetsOf(parameters)
  const [name] = charsets
  if (name === undefined) return { charset: UTF_8 }
  const several = new Set(charsets.map((other) => other.toLowerCase())).size > 1
  if (several) return { problem: 'charset', sent: charsets.join(' ') }
  if (isUtf8(name)) return { charset: { name, isUtf8: true } }
  return readsAsciiOtherwise(name)
    ? { problem: 'charset', sent: name }
    : { charset: { name, isUtf8: false } }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** True if every byte is one of ASCII. */
const isAscii = (bytes: Uint8Array): boolean => bytes.every((byte) => byte < 0x80)

/**
 * @returns the text; a problem for bytes that mean something else in the character set; null for
 * malformed UTF-8
 */
export const decodeBody = (bytes: Uint8Array, charset: Charset): string | BodyProblem | null => {
  if (!charset.isUtf8 && !isAscii(bytes)) return { problem: 'charset', sent: charset.name }
  try {
    return UTF8.decode(bytes)
  } catch {
    return null
  }
}

/** Describes the refusal of a character set. */
export const charsetSentence = (shown: string): string =>
  `The charset ${shown || '(empty)'} is not supported: send UTF-8`

/** A body whose text cannot be read. `malformed` is also a body that ends before its length. */
export type UnreadableBody = BodyProblem | { problem: 'too_large' | 'malformed' }

/** Reads the text of a body: checks its headers, bounds it, and decodes it. */
export const readText = async (
  request: Request,
  expected: MediaType,
  maxBytes: number,
): Promise<{ text: string; charset: Charset } | UnreadableBody> => {
  const headers = checkBodyHeaders(request.headers, expected)
  if ('problem' in headers) return headers
  const body = await readBody(request, maxBytes)
  if (body === 'too_large') return { problem: 'too_large' }
  const text = body === 'broken_off' ? null : decodeBody(body, headers.charset)
  if (text === null) return { problem: 'malformed' }
  return typeof text === 'string' ? { text, charset: headers.charset } : text
}

/**
 * @returns the bytes; `too_large` beyond `maxBytes`; `broken_off` if the connection ends before the
 * body
 */
export const readBody = async (
  request: Request,
  maxBytes: number,
): Promise<Uint8Array | 'too_large' | 'broken_off'> => {
  const declared = request.headers.get('content-length')
  if (Number(declared ?? 0) > maxBytes) return 'too_large'
  try {
    // The HTTP parser enforces a declared length. A body without one is counted as it arrives.
    if (declared === null) return await readCounted(request.body, maxBytes)
    const body = new Uint8Array(await request.arrayBuffer())
    return body.byteLength > maxBytes ? 'too_large' : body // some runtimes do not enforce it
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

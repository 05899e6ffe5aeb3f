// The body of a request, bounded before anything is made of it.

export type MediaType = 'application/json' | 'application/x-www-form-urlencoded'

/** Why a body cannot be read, and the header's value or the part of it that is refused. */
export type BodyProblem = { problem: 'media_type' | 'charset' | 'coding'; sent: string }

/** The character set of a body: its name as sent, and whether that is one of UTF-8. */
export type Charset = { name: string; isUtf8: boolean }

/** Character set of a body whose `Content-Type` names none. */
const UTF_8: Charset = { name: 'utf-8', isUtf8: true }

/** Names of UTF-8 (WHATWG Encoding §4.2), with any of `-` and `_` in them. */
const UTF8_NAME = /^(?:utf8|csutf8|x?unicode(?:11|20)utf8)$/

/** Numbers of code pages of EBCDIC, UTF-16, UTF-32 and UTF-7; Microsoft counts those of EBCDIC from 20000. */
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

/** Names, of letters and digits alone, of sets in which a byte of ASCII is another character or part of one. */
const OTHER_ASCII =
  /utf(?:7|16|32)|ucs[24]|^(?:cs)?unicode(?!11utf8|20utf8)|iso10646(?!utf8)|iso2022|^(?:cs)?hz|bocu1|ebcdic|ibm(?:thai|symbols)/

/** True for a character set that reads the 128 bytes of ASCII in another way than UTF-8 does. */
const readsAsciiOtherwise = (charset: string): boolean => {
  const name = charset.toLowerCase().replace(/[^a-z0-9]/g, '')
  return isOtherPage(name) || OTHER_ASCII.test(name)
}

/** True for UTF-8, the one character set in which percent-encoded bytes and bytes above ASCII are read. */
const isUtf8 = (charset: string): boolean =>
  UTF8_NAME.test(charset.toLowerCase().replace(/[-_]/g, ''))

/** A single field. Several fields arrive as one value with commas; a quoted string (RFC 9110 §5.6.4) may have commas. */
const ONE_FIELD = /^(?!;)(?:[^",]|"(?:[^"\\]|\\.)*")*$/

/** The text between semicolons, those within quoted strings left out. */
const PART = /(?:[^";]|"(?:[^"\\]|\\.)*")+/g

/** A token or a quoted string, without quotes and escapes. */
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

/** @returns what follows the media type, null for another type than `expected` */
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
 * Checks `Content-Type` (RFC 9110 §8.3) and `Content-Encoding` (§8.4). Other parameters than `charset` are ignored,
 * and so is `identity`, which names the absence of a coding.
 * @returns the character set, or what is refused before the body is read
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

/** @returns the text, a problem for bytes that the character set gives another meaning, null for malformed UTF-8 */
export const decodeBody = (bytes: Uint8Array, charset: Charset): string | BodyProblem | null => {
  if (!charset.isUtf8 && !isAscii(bytes)) return { problem: 'charset', sent: charset.name }
  try {
    return UTF8.decode(bytes)
  } catch {
    return null
  }
}

/** The refusal of a character set. */
export const charsetSentence = (shown: string): string =>
  `The charset ${shown || '(empty)'} is not read: send UTF-8`

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

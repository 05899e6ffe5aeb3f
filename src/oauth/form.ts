// The body of an OAuth request: application/x-www-form-urlencoded, bounded before it is parsed
// (RFC 6749 §3.2: no parameter twice, one without a value counts as omitted, unknown ones are ignored).
import { MAX_FORM_BYTES } from '../constants.ts'
import { OAuthError } from '../errors.ts'
import { checkBodyHeaders, decodeBody, isUtf8, readBody } from '../http/body.ts'
import { bodyRefused } from './response.ts'

/** Parameters with a value, by name. */
export type Form = ReadonlyMap<string, string>

/** Names that must not be in the query, where logs and proxies keep them. */
const PARAMETERS = new Set([
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'audience',
  'resource',
  'scope',
  'plugin_id',
  'authorization_details',
  'token',
  'token_type_hint',
  'identifier',
])

/** @throws OAuthError `parameter_in_query`, `media_type_unsupported`, `body_too_large`, `body_malformed`, `parameter_repeated`, `target_repeated` */
export const readForm = async (request: Request): Promise<Form> => {
  checkQuery(request.url)
  return parseForm(await readFormText(request))
}

const checkQuery = (url: string): void => {
  const start = url.indexOf('?')
  if (start < 0) return
  const names = new URLSearchParams(url.slice(start + 1)).keys()
  if ([...names].some((name) => PARAMETERS.has(name))) throw new OAuthError('parameter_in_query')
}

/** A percent-encoded byte beyond ASCII: its meaning depends on the character set, too. */
const BEYOND_ASCII = /%[89a-f]/i

const readFormText = async (request: Request): Promise<string> => {
  const headers = checkBodyHeaders(request.headers, 'application/x-www-form-urlencoded')
  if ('problem' in headers) throw bodyRefused(headers)
  const body = await readBody(request, MAX_FORM_BYTES)
  if (body === 'too_large') throw new OAuthError('body_too_large')
  if (body === 'broken_off') throw new OAuthError('body_malformed')
  const text = decodeBody(body, headers.charset)
  if (text === null) throw new OAuthError('body_malformed')
  if (typeof text !== 'string') throw bodyRefused(text)
  if (!isUtf8(headers.charset) && BEYOND_ASCII.test(text)) {
    throw bodyRefused({ problem: 'charset', sent: headers.charset })
  }
  return text
}

/**
 * Parses a form (WHATWG URL §5.1, but strictly). Pure.
 * @throws OAuthError `body_malformed`, `parameter_repeated`, `target_repeated`
 */
export const parseForm = (text: string): Form => {
  const form = new Map<string, string>()
  const seen = new Set<string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decodeComponent(equals < 0 ? pair : pair.slice(0, equals))
    const value = decodeComponent(equals < 0 ? '' : pair.slice(equals + 1))
    if (seen.has(name)) {
      // RFC 8707 §2 lets `resource` repeat; a token of ours is for one.
      throw new OAuthError(name === 'resource' ? 'target_repeated' : 'parameter_repeated')
    }
    seen.add(name)
    if (value !== '') form.set(name, value)
  }
  return form
}

/**
 * Undoes form-encoding: `+` is a space, `%XX` bytes of UTF-8. Pure.
 * @throws OAuthError `body_malformed` for broken percent-encoding, malformed UTF-8 and NUL
 */
export const decodeComponent = (text: string): string => {
  let decoded: string
  try {
    decoded = decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new OAuthError('body_malformed')
  }
  if (decoded.includes('\0')) throw new OAuthError('body_malformed')
  return decoded
}

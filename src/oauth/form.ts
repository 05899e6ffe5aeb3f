// Forms of OAuth requests: application/x-www-form-urlencoded, bounded before they are parsed. A
// parameter appears once, one without a value counts as omitted, and unknown ones are ignored (RFC
// 6749 §3.2).
import { MAX_FORM_BYTES } from '../constants.ts'
import type { AppContext } from '../deps.ts'
import { misspelled, refusedValue } from '../errors.ts'
import { readText } from '../http/body.ts'
import type { Speller } from '../text/spelling.ts'
import { type Form, decodeComponent } from './form-encoding.ts'
import { type FormEndpoint, SPELLERS } from './parameters.ts'
import { logRequested } from './requested.ts'
import { bodyRefused } from './response.ts'

/**
 * Reads the form of a request. The middleware has checked the query.
 * @throws OAuthError `media_type_unsupported`, `charset_unsupported`,
 * `content_encoding_unsupported`, `body_too_large`, `body_malformed`, `parameter_misspelled`,
 * `parameter_repeated`, `target_repeated`
 */
export const readForm = async (c: AppContext, endpoint: FormEndpoint): Promise<Form> => {
  const text = await readFormText(c.req.raw)
  logRequested(c, text)
  return parseForm(text, SPELLERS[endpoint])
}

/** A percent-encoded byte beyond ASCII. Its meaning depends on the character set. */
const BEYOND_ASCII = /%[89a-f]/i

const readFormText = async (request: Request): Promise<string> => {
  const body = await readText(request, 'application/x-www-form-urlencoded', MAX_FORM_BYTES)
  if ('problem' in body) throw bodyRefused(body, 'body')
  const { text, charset } = body
  if (!charset.isUtf8 && BEYOND_ASCII.test(text)) {
    throw bodyRefused({ problem: 'charset', sent: charset.name }, 'body')
  }
  return text
}

/** The form of parameters with several values, none of which repeats (RFC 6749 §3.2). */
const IN_FORM: Readonly<Record<string, string>> = {
  scope: 'once, its values in one text with single spaces between',
  authorization_details: 'once, as one JSON array',
}

const NO_SPELLER: Speller = () => null

/**
 * Parses a form (WHATWG URL §5.1, but strictly).
 * @param spell finds misspellings of known parameters, which are refused if they have a value
 * @throws OAuthError `body_malformed`, `parameter_misspelled`, `parameter_repeated`,
 * `target_repeated`
 */
export const parseForm = (text: string, spell: Speller = NO_SPELLER): Form => {
  const form = new Map<string, string>()
  const seen = new Set<string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decodeComponent(equals < 0 ? pair : pair.slice(0, equals))
    const value = decodeComponent(equals < 0 ? '' : pair.slice(equals + 1), name)
    const meant = value === '' ? null : spell(name)
    if (meant !== null) {
      throw misspelled('parameter_misspelled', name, meant, IN_FORM[meant] ?? 'once')
    }
    if (seen.has(name)) {
      // RFC 8707 §2 allows several `resource`; a token of this server is for one.
      if (name === 'resource') {
        throw refusedValue('target_repeated', [form.get(name) ?? '', value].filter(Boolean))
      }
      throw refusedValue('parameter_repeated', [name])
    }
    seen.add(name)
    if (value !== '') form.set(name, value)
  }
  return form
}

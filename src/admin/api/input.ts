// Input of a request to the admin API: its query, its body, its If-Match.
import { MAX_JSON_BYTES, MAX_JSON_DEPTH } from '../../constants.ts'
import { OperationRefused } from '../../errors.ts'
import {
  type BodyProblem,
  charsetSentence,
  checkBodyHeaders,
  decodeBody,
  readBody,
} from '../../http/body.ts'
import { parseJsonObject } from '../../json.ts'
import { shownValue } from '../../text/redaction.ts'
import { fieldsRefused } from '../refusals.ts'
import { type AdminCall, shownName } from '../operation.ts'

/** @throws OperationRefused `invalid_value` for a repeated parameter */
export const readQuery = (url: string): Record<string, string> => {
  const pairs = [...new URL(url).searchParams]
  const names = pairs.map(([name]) => name)
  const repeated = names.find((name, i) => names.indexOf(name) !== i)
  if (repeated === undefined) return Object.fromEntries(pairs)
  throw fieldsRefused('invalid_value', [
    { field: shownName(repeated), detail: 'must be given once' },
  ])
}

/**
 * Reads the JSON object of a body; an empty body is an empty object.
 * @throws OperationRefused `media_type_unsupported`, `charset_unsupported`, `content_encoding_unsupported`,
 * `body_too_large`, `body_malformed`
 */
export const readJsonObject = async (request: Request): Promise<Record<string, unknown>> => {
  const body = await readBody(request, MAX_JSON_BYTES)
  if (body === 'too_large') {
    throw new OperationRefused('body_too_large', `the body is longer than ${MAX_JSON_BYTES} bytes`)
  }
  if (body === 'broken_off') throw malformed()
  if (body.byteLength === 0) return {}
  const headers = checkBodyHeaders(request.headers, 'application/json')
  if ('problem' in headers) throw unreadable(headers)
  const text = decodeBody(body, headers.charset)
  if (text === null) throw malformed()
  if (typeof text !== 'string') throw unreadable(text)
  const object = parseJsonObject(text)
  if (object === null) throw malformed()
  return object
}

const UNREADABLE = {
  media_type: ['media_type_unsupported', 'the Content-Type must be application/json'],
  coding: ['content_encoding_unsupported', 'the Content-Encoding must be identity or left out'],
} as const

const unreadable = ({ problem, sent }: BodyProblem): OperationRefused => {
  if (problem === 'charset') {
    return new OperationRefused('charset_unsupported', charsetSentence(shownValue(sent)))
  }
  const [code, must] = UNREADABLE[problem]
  return new OperationRefused(code, `${must}; it is ${shownValue(sent) || 'missing'}`)
}

const malformed = (): OperationRefused =>
  new OperationRefused(
    'body_malformed',
    `the body must be a JSON object in UTF-8, each member once, nested at most ${MAX_JSON_DEPTH} deep`,
  )

/** `"abc"`. A weak etag (`W/"abc"`) matches nothing (RFC 9110 §8.8.3.2). */
const STRONG_ETAG = /^"([\x21\x23-\x7e]*)"$/

/** Parses `If-Match` (RFC 9110 §13.1.1); null for a request without it. */
export const readIfMatch = (header: string | undefined): AdminCall['ifMatch'] => {
  if (header === undefined) return null
  if (header.trim() === '*') return { sent: header, matches: () => true }
  const etags = header.split(',').map((part) => STRONG_ETAG.exec(part.trim())?.[1])
  return { sent: header, matches: (etag) => etags.includes(etag) }
}

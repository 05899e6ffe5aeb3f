// Strict JSON (RFC 8259): each member once, limited nesting. Pure.
//
// JSON.parse returns the last of several members of one name, other readers return the first: a
// token must not mean one thing here and another there (RFC 7519 §4, RFC 8725 §2.4).
import { MAX_JSON_DEPTH } from '../constants.ts'

/** Members by name. Has no prototype, so that a lookup finds members of the text only. */
export type JsonObject = { readonly [member: string]: unknown }

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * @throws SyntaxError, TypeError for bytes that are not JSON in UTF-8; a byte order mark is none
 *   (RFC 8259 §8.1)
 */
export const parseJson = (bytes: Uint8Array): unknown => JSON.parse(UTF8.decode(bytes))

/**
 * @throws SyntaxError for a text that is not JSON, repeats a member or is nested deeper than
 *   `maxDepth`
 */
export const parseStrictJson = (text: string, maxDepth: number): unknown => {
  const value: unknown = JSON.parse(text)
  if (countMembers(value, maxDepth) !== countColons(text)) {
    throw new SyntaxError('a member is repeated')
  }
  return value
}

/** Each member in the text has a colon. Colons in strings do not count. */
const countColons = (text: string): number =>
  text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1

/** Members that JSON.parse has kept. */
const countMembers = (value: unknown, depthLeft: number): number => {
  if (typeof value !== 'object' || value === null) return 0
  if (depthLeft <= 0) throw new SyntaxError('nested too deep')
  const values: unknown[] = Object.values(value)
  let count = Array.isArray(value) ? 0 : values.length
  for (const inner of values) count += countMembers(inner, depthLeft - 1)
  return count
}

/** @returns null unless the bytes are an object of strict JSON in UTF-8 */
export const parseObject = (bytes: Uint8Array): JsonObject | null => {
  try {
    const value = parseStrictJson(UTF8.decode(bytes), MAX_JSON_DEPTH)
    return isObject(value) ? Object.assign(Object.create(null) as JsonObject, value) : null
  } catch {
    return null
  }
}

/** True for an object that is not an array. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

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

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/** Each member in the text has a colon. Colons in strings do not count. JSON.parse has accepted the text. */
const countColons = (text: string): number => {
  let colons = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === COLON) colons += 1
    else if (code === QUOTE) i = endOfString(text, i)
  }
  return colons
}

/** Index of the quote that ends the string. A quote behind an odd number of backslashes is a part of it. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1
    if (escapes % 2 === 0) return end
  }
}

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
    return isObject(value) ? (Object.setPrototypeOf(value, null) as JsonObject) : null
  } catch {
    return null
  }
}

/** True for an object that is not an array. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

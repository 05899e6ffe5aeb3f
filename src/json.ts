// JSON (RFC 8259) in requests: each member once, nested at most MAX_JSON_DEPTH deep. Pure.
import { isObject, parseStrictJson } from '@latchkey/verifier/internal'
import { MAX_JSON_DEPTH } from './constants.ts'

export { isObject }

/** @throws SyntaxError for a text that is not JSON, repeats a member or is nested too deep */
export const parseJson = (text: string): unknown => parseStrictJson(text, MAX_JSON_DEPTH)

/** Parses an object as `parseJson` does; null for any other text. */
export const parseJsonObject = (text: string): Record<string, unknown> | null => {
  try {
    const value = parseJson(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

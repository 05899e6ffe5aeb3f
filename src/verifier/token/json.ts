// JSON (RFC 8259) as a token may carry it: an object, each member once, nothing nested too deep. Pure.
//
// JSON.parse takes the last of several members with the same name, other readers the first: a token must not
// mean one thing here and another there (RFC 7519 §4, RFC 8725 §2.4).
import { MAX_JSON_DEPTH } from '../constants.ts'

/** Members by name. Has no prototype, so that only what the token says is found in it. */
export type JsonObject = { readonly [member: string]: unknown }

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws SyntaxError, TypeError for what is not JSON in UTF-8; a byte order mark is none (RFC 8259 §8.1) */
export const parseJson = (bytes: Uint8Array): unknown => JSON.parse(UTF8.decode(bytes))

/** @returns null for whatever is not an object of well-formed JSON in UTF-8 with unique members */
export const parseObject = (bytes: Uint8Array): JsonObject | null => {
  try {
    const text = UTF8.decode(bytes)
    const value: unknown = JSON.parse(text)
    if (!isPlainObject(value) || !hasUniqueMembers(text)) return null
    return Object.assign(Object.create(null) as JsonObject, value)
  } catch {
    return null
  }
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A colon says nothing that the name before it has not said. */
const STRING_OR_BRACKET = /"(?:[^"\\]|\\.)*"|[{}[\],]/g

/**
 * Walks the tokens of a text that JSON.parse has taken. A string is a member's name where it follows
 * `{` or `,` inside an object.
 */
const hasUniqueMembers = (text: string): boolean => {
  /** One entry for each open bracket: the names so far, or null for an array. */
  const open: (Set<string> | null)[] = []
  let nameExpected = false
  for (const [part] of text.matchAll(STRING_OR_BRACKET)) {
    if (part === '{' || part === '[') {
      open.push(part === '{' ? new Set() : null)
      if (open.length > MAX_JSON_DEPTH) return false
      nameExpected = part === '{'
    } else if (part === '}' || part === ']') {
      open.pop()
      nameExpected = false
    } else if (part === ',') {
      nameExpected = open.at(-1) !== null
    } else if (nameExpected) {
      const names = open.at(-1)
      // `"a"` and `"\u0061"` are the same name
      const name = part.includes('\\') ? (JSON.parse(part) as string) : part.slice(1, -1)
      if (!names || names.has(name)) return false
      names.add(name)
      nameExpected = false
    }
  }
  return true
}

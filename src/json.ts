// JSON (RFC 8259) in requests: each member once, nested at most MAX_JSON_DEPTH deep. Pure.
import { parseStrictJson } from '@latchkey/verifier/internal'
import { MAX_JSON_DEPTH } from './constants.ts'

export { isObject } from '@latchkey/verifier/internal'

/** @throws SyntaxError for a text that is not JSON, repeats a member or is nested too deep */
export const parseJson = (text: string): unknown => parseStrictJson(text, MAX_JSON_DEPTH)

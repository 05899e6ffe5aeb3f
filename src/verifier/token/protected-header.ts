// The protected header of a JWS (RFC 7515 §4), of tokens and lists alike. Pure.
import { type JsonObject, parseObject } from './json.ts'

/** Members that the issuer never writes: they bring a key along, or change what is signed. */
const REFUSED_MEMBER = /^(crit|b64|jwk|jku|x5.*)$/

/**
 * A header; or null, with the member that is refused, or null for bytes that are not an object with
 * unique members.
 */
type ParsedHeader = { header: JsonObject; refused: null } | { header: null; refused: string | null }

export const parseProtectedHeader = (bytes: Uint8Array): ParsedHeader => {
  const header = parseObject(bytes)
  if (header === null) return { header, refused: null }
  const refused = Object.keys(header).find((name) => REFUSED_MEMBER.test(name))
  return refused === undefined ? { header, refused: null } : { header: null, refused }
}

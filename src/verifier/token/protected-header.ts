// The protected header of a JWS (RFC 7515 §4) as the issuer writes it, of tokens and lists alike. Pure.
import { type JsonObject, parseObject } from './json.ts'

/** What a header of ours never has: ways to bring a key along or to change what is signed. */
const REFUSED_MEMBER = /^(crit|b64|jwk|jku|x5.*)$/

/** @returns null for what is no object with unique members, or has a member that changes what is verified */
export const parseProtectedHeader = (bytes: Uint8Array): JsonObject | null => {
  const header = parseObject(bytes)
  const refused = header === null || Object.keys(header).some((name) => REFUSED_MEMBER.test(name))
  return refused ? null : header
}

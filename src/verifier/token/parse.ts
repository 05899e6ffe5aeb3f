// Parses an access token (RFC 7515 §7.1, RFC 9068 §2) before any cryptography. Pure.
import { MAX_LIFETIME_SECONDS, MAX_TOKEN_BYTES } from '../constants.ts'
import { refusal } from '../errors.ts'
import { textOfClaim } from '../reasons.ts'
import { decodeBase64url } from './base64url.ts'
import { type JsonObject, parseObject } from './json.ts'
import { parseProtectedHeader } from './protected-header.ts'

/**
 * Claims of a token (RFC 9068 §2.2). Every token has the named ones, checked. Further claims are as
 * in the token, with unchecked types. Times are seconds since the epoch.
 */
export type AccessTokenClaims = JsonObject & {
  readonly iss: string
  readonly sub: string
  readonly client_id: string
  readonly aud: string
  readonly exp: number
  readonly iat: number
  readonly jti: string
  readonly scope: string
  /**
   * The random reference that rules over the token's workspace and runs hash; absent in tokens of
   * older servers.
   */
  readonly workspace_ref?: string
}

export type ParsedToken = {
  readonly algorithm: string
  readonly kid: string
  readonly claims: AccessTokenClaims
  /** The signing input (RFC 7515 §5.2), in ASCII. */
  readonly signed: string
  readonly signature: Uint8Array
}

/** RFC 9068 §2.1. RFC 7515 §4.1.9 allows the prefix to be omitted. */
const TYPES = ['at+jwt', 'application/at+jwt']

/** @throws TokenInvalid `token_malformed`, `token_untrusted` */
export type TokenParser = (token: string) => ParsedToken

/**
 * Makes a parser. It refuses a token with `token_untrusted` for an algorithm, a type or a proof of
 * possession that is not accepted.
 * @param algorithms allowed values of `alg`
 */
export const createTokenParser = (algorithms: readonly string[]): TokenParser => {
  // All tokens of a key have the same header. Its text alone decides whether it is accepted.
  let accepted: { text: string; named: Named } | null = null

  const named = (text: string, members: JsonObject): Named => {
    const { algorithm, kid } = checkHeader(members, algorithms)
    accepted = { text, named: { algorithm, kid } }
    return accepted.named
  }

  return (token) => {
    const [header, payload, signature] = split(token)
    const known = accepted?.text === header ? accepted.named : null
    const headerBytes = known === null ? decode(header, 'header') : null
    const payloadBytes = decode(payload, 'payload')
    const signatureBytes = decode(signature, 'signature')
    // The parser checks the form of both parts before it judges either: `typ` is a matter of trust.
    const members = headerBytes === null ? null : parseHeader(headerBytes)
    const claims = parseClaims(payloadBytes)
    return {
      ...(known ?? named(header, members ?? {})),
      claims,
      signed: token.slice(0, -signature.length - 1),
      signature: signatureBytes,
    }
  }
}

type Named = Pick<ParsedToken, 'algorithm' | 'kid'>

const split = (token: string): [header: string, payload: string, signature: string] => {
  const { length } = token
  if (length > MAX_TOKEN_BYTES) {
    throw refusal({ kind: 'token_too_long', length, max: MAX_TOKEN_BYTES })
  }
  const parts = token.split('.', 4)
  if (parts.length !== 3) throw refusal({ kind: 'not_a_jws', parts: parts.length })
  return parts as [string, string, string]
}

const decode = (text: string, part: 'header' | 'payload' | 'signature'): Uint8Array => {
  const bytes = decodeBase64url(text)
  // A JWS without a signature is an unsecured one (RFC 7515 §A.5).
  if (bytes === null || (part === 'signature' && bytes.length === 0)) {
    throw refusal({ kind: 'part_malformed', part })
  }
  return bytes
}

const parseHeader = (bytes: Uint8Array): JsonObject => {
  const { header, refused } = parseProtectedHeader(bytes)
  if (header !== null) return header
  if (refused === null) throw refusal({ kind: 'json_malformed', part: 'header' })
  throw refusal({ kind: 'header_member_refused', member: refused })
}

const checkHeader = (
  { alg, typ, kid }: JsonObject,
  algorithms: readonly string[],
): { algorithm: string; kid: string } => {
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    const actual = textOfClaim(alg)
    throw refusal({ kind: 'algorithm_not_allowed', expected: algorithms, actual })
  }
  if (typeof typ !== 'string' || !TYPES.includes(typ)) {
    throw refusal({ kind: 'type_unexpected', expected: TYPES, actual: textOfClaim(typ) })
  }
  if (typeof kid !== 'string' || kid === '') throw refusal({ kind: 'key_id_missing' })
  return { algorithm: alg, kid }
}

const isText = (value: unknown): boolean => typeof value === 'string'
/** JSON.parse reads `1e999` as Infinity. */
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value)
const optional =
  (isGood: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || isGood(value)

/** The check of each claim that has one. */
const CLAIMS: readonly (readonly [claim: string, isGood: (value: unknown) => boolean])[] = [
  ['iss', isText],
  ['sub', isText],
  ['client_id', isText],
  ['jti', isText],
  ['exp', isTime],
  ['iat', isTime],
  ['nbf', optional(isTime)],
  ['scope', optional(isText)],
  ['workspace_ref', optional(isText)],
]

const parseClaims = (bytes: Uint8Array): AccessTokenClaims => {
  const members = parseObject(bytes)
  if (members === null) throw refusal({ kind: 'json_malformed', part: 'payload' })
  const bad = CLAIMS.find(([claim, isGood]) => !isGood(members[claim]))
  if (bad !== undefined) throw refusal({ kind: 'claim_malformed', claim: bad[0] })
  const claims = Object.assign(members, { scope: members['scope'] ?? '' }) as AccessTokenClaims
  const lifetime = claims.exp - claims.iat
  if (lifetime > MAX_LIFETIME_SECONDS) {
    throw refusal({ kind: 'lifetime_too_long', lifetime, max: MAX_LIFETIME_SECONDS })
  }
  // Possession (RFC 7800) cannot be verified, and a token that requires it must not pass without.
  if ('cnf' in claims) throw refusal({ kind: 'proof_of_possession_required' })
  return claims
}

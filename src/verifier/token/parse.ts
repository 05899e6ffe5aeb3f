// The form of an access token (RFC 7515 §7.1, RFC 9068 §2), decided before any cryptography. Pure.
import { decodeBase64url } from './base64url.ts'
import { MAX_LIFETIME_SECONDS, MAX_TOKEN_BYTES } from '../constants.ts'
import { refusal } from '../errors.ts'
import { type JsonObject, parseObject } from './json.ts'
import { parseProtectedHeader } from './protected-header.ts'

/** Claims that every token has, checked; others as the token has them. Times are seconds since the epoch. */
export type AccessTokenClaims = JsonObject & {
  readonly iss: string
  readonly sub: string
  readonly client_id: string
  readonly aud: string
  readonly exp: number
  readonly iat: number
  readonly jti: string
  readonly scope: string
  /** The reference that rules over the token's workspace and runs hash; absent in tokens of older servers. */
  readonly workspace_ref?: string
}

export type ParsedToken = {
  readonly algorithm: string
  readonly kid: string
  readonly claims: AccessTokenClaims
}

/** RFC 9068 §2.1; RFC 7515 §4.1.9 lets the prefix be left out. */
const TYPES = ['at+jwt', 'application/at+jwt']

/**
 * @param algorithms what `alg` may be
 * @throws TokenInvalid `token_malformed`, `token_untrusted` for an algorithm, type or proof of possession that is not taken
 */
export const parseToken = (token: string, algorithms: readonly string[]): ParsedToken => {
  if (token.length > MAX_TOKEN_BYTES) throw refusal('token_malformed')
  const parts = token.split('.', 4)
  const [header, payload, signature] = parts.map(decodeBase64url)
  if (parts.length !== 3 || !header || !payload || !signature?.length)
    throw refusal('token_malformed')
  // The form of both comes first: `typ` and the like are a matter of trust, and a later check.
  const [members, claims] = [parseHeader(header), parseClaims(payload)]
  // Proof of possession (RFC 7800) cannot be checked yet, and a token that wants it must not pass without.
  if ('cnf' in claims) throw refusal('token_untrusted')
  return { ...checkHeader(members, algorithms), claims }
}

const parseHeader = (bytes: Uint8Array): JsonObject => {
  const header = parseProtectedHeader(bytes)
  if (header === null) throw refusal('token_malformed')
  return header
}

const checkHeader = (
  { alg, typ, kid }: JsonObject,
  algorithms: readonly string[],
): { algorithm: string; kid: string } => {
  if (typeof alg !== 'string' || typeof typ !== 'string') throw refusal('token_untrusted')
  if (!algorithms.includes(alg) || !TYPES.includes(typ)) throw refusal('token_untrusted')
  if (typeof kid !== 'string' || kid === '') throw refusal('token_untrusted')
  return { algorithm: alg, kid }
}

const REQUIRED_STRINGS = ['iss', 'sub', 'client_id', 'jti'] as const

const parseClaims = (bytes: Uint8Array): AccessTokenClaims => {
  const claims = parseObject(bytes)
  if (claims === null) throw refusal('token_malformed')
  const { exp, iat, nbf, scope, workspace_ref: reference } = claims
  if (
    REQUIRED_STRINGS.some((name) => typeof claims[name] !== 'string') ||
    !isTime(exp) ||
    !isTime(iat) ||
    !(nbf === undefined || isTime(nbf)) ||
    ![scope, reference].every((value) => value === undefined || typeof value === 'string') ||
    exp - iat > MAX_LIFETIME_SECONDS
  ) {
    throw refusal('token_malformed')
  }
  return Object.assign(claims, { scope: scope ?? '' }) as AccessTokenClaims
}

/** `1e999` is Infinity to JSON.parse. */
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value)

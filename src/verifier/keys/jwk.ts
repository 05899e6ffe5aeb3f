// Imports the keys of a JWK Set (RFC 7517 §5) that can verify tokens: of the right type, for
// signatures, and strong.
import { type JWK, importJWK } from 'jose'
import {
  MAX_JWKS_KEYS,
  MAX_RSA_BITS,
  MAX_RSA_BITS_AT_ONCE,
  MAX_RSA_EXPONENT,
  MIN_RSA_BITS,
  MIN_RSA_EXPONENT,
} from '../constants.ts'
import { native } from '../net/native.ts'
import { KeysFailure } from './keys-failure.ts'
import { hasRocaFingerprint, hasSmallFactor } from './roca.ts'

/**
 * Identifies a key by its id and its algorithm: an issuer may give one id to keys of two
 * algorithms.
 */
export type KeyName = { readonly kid: string; readonly algorithm: string }

/**
 * A key of Web Crypto, member by member. Some type packages lack `CryptoKey` and the global
 * `crypto` (`@types/node` 18), and CommonJS programs cannot read a type of `jose` in a declaration.
 */
export type WebCryptoKey = {
  readonly algorithm: { readonly name: string }
  readonly extractable: boolean
  readonly type: 'private' | 'public' | 'secret'
  readonly usages: KeyUsage[]
}

type KeyUsage =
  | ('encrypt' | 'decrypt' | 'sign' | 'verify')
  | ('deriveKey' | 'deriveBits' | 'wrapKey' | 'unwrapKey')

/** A public key. The object stays the same while the key of this name is unchanged. */
export type VerificationKey = KeyName & {
  /** The key as text. Two keys are equal if their texts are. */
  readonly material: string
  readonly key: WebCryptoKey
  /** Verifies an RS256 signature at once; null for other algorithms and runtimes. */
  readonly verifyNow: VerifyNow | null
}

/** @param signed the signing input (RFC 7515 §5.2), in ASCII */
export type VerifyNow = (signed: string, signature: Uint8Array) => boolean

/** The name as text. No algorithm has a space in its name, so that two names never share a text. */
export const textOf = ({ kid, algorithm }: KeyName): string => `${algorithm} ${kid}`

/**
 * `kty`, and `crv` if the type has curves, for each `alg` (RFC 7518 §3.4, RFC 8037 §3.1,
 * RFC 9864 §2.2).
 */
const KEY_TYPES: Record<string, string> = {
  RS256: 'RSA',
  RS384: 'RSA',
  RS512: 'RSA',
  PS256: 'RSA',
  PS384: 'RSA',
  PS512: 'RSA',
  ES256: 'EC P-256',
  ES384: 'EC P-384',
  ES512: 'EC P-521',
  EdDSA: 'OKP Ed25519',
  Ed25519: 'OKP Ed25519',
}

export const isSupported = (algorithm: string): boolean => Object.hasOwn(KEY_TYPES, algorithm)

/**
 * Imports the usable keys of a set. Other keys are skipped (§5), and so are different keys that
 * share a name: a signature by either would count as one by the other.
 * @throws KeysFailure for a value that is no set, and for a set without a usable key
 */
export const importKeys = async (
  set: unknown,
  algorithms: readonly string[],
): Promise<VerificationKey[]> => {
  const jwks = (set as { keys?: unknown } | null)?.keys
  if (!Array.isArray(jwks)) throw new KeysFailure('not_a_key_set')
  if (jwks.length > MAX_JWKS_KEYS) throw new KeysFailure('too_long', `${jwks.length} keys`)
  if (jwks.length === 0) throw new KeysFailure('empty_key_set')
  const names = [...new Set(algorithms)]
  const imported = await Promise.all(jwks.map((jwk: unknown) => importKey(jwk, names)))
  const usable = withoutAmbiguous(imported.flatMap(({ keys }) => keys))
  if (usable.length > 0) return usable
  const reasons = new Set(imported.map(({ unusable }) => unusable ?? 'it shares its name'))
  throw new KeysFailure('no_usable_key', [...reasons].join('; '))
}

const withoutAmbiguous = (keys: readonly VerificationKey[]): VerificationKey[] => {
  const byName = new Map<string, VerificationKey | null>()
  for (const key of keys) {
    const other = byName.get(textOf(key))
    const same = other === undefined || other?.material === key.material
    byName.set(textOf(key), same ? (other ?? key) : null)
  }
  return [...byName.values()].filter((key) => key !== null)
}

/** A member of a set as one key for each of its algorithms; without any, the reason. */
type Imported = { keys: VerificationKey[]; unusable: string | null }

const unusable = (reason: string): Imported => ({ keys: [], unusable: reason })

/** A key without `alg` serves each configured algorithm of its type (§4.4: `alg` is optional). */
const importKey = async (member: unknown, algorithms: readonly string[]): Promise<Imported> => {
  if (typeof member !== 'object' || member === null) return unusable('it is no key')
  const jwk = member as JWK
  if (typeof jwk.kid !== 'string') return unusable('it has no kid')
  if (!isForVerifying(jwk)) return unusable('it is not for verifying signatures')
  const fitting = algorithms.filter((name) => isFor(jwk, name))
  if (fitting.length === 0) return unusable('it is for no configured algorithm')
  const weakness = jwk.kty === 'RSA' ? weaknessOf(jwk) : null
  if (weakness !== null) return unusable(weakness)
  try {
    const keys = fitting.map((algorithm) => importFor(jwk, jwk.kid as string, algorithm))
    return { keys: await Promise.all(keys), unusable: null }
  } catch {
    return unusable('its members do not form a key')
  }
}

/** Each of `use` and `key_ops` that is present must allow verifying (RFC 7517 §4.2, §4.3). */
const isForVerifying = ({ use, key_ops: operations }: { use?: unknown; key_ops?: unknown }) => {
  const operable = operations === undefined || isListWith(operations, 'verify')
  return operable && (use === undefined || use === 'sig')
}

const isListWith = (list: unknown, entry: string): boolean =>
  Array.isArray(list) && list.includes(entry)

const isFor = ({ alg, kty, crv }: JWK, algorithm: string): boolean => {
  const type = crv === undefined ? kty : `${kty} ${crv}`
  return KEY_TYPES[algorithm] === type && (alg === undefined || alg === algorithm)
}

const importFor = async (jwk: JWK, kid: string, algorithm: string): Promise<VerificationKey> => {
  const { kty, n, e, crv, x, y } = jwk
  // Copies public members only: a private key in the set is a mistake of the issuer.
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(
    ([, value]) => value !== undefined,
  )
  const key = (await importJWK(Object.fromEntries(members) as JWK, algorithm)) as WebCryptoKey
  const verifyNow = isQuick(jwk, algorithm) ? verifierOf({ kty, n, e }) : null
  return { kid, algorithm, material: JSON.stringify([algorithm, members]), key, verifyNow }
}

/** 65537, the exponent with which a signature is verified fastest. */
const USUAL_EXPONENT = 'AQAB'

/** True for a key with which another thread takes longer to answer than this one to verify. */
const isQuick = ({ n, e }: JWK, algorithm: string): boolean =>
  algorithm === 'RS256' &&
  e === USUAL_EXPONENT &&
  String(n).length <= Math.ceil(MAX_RSA_BITS_AT_ONCE / 6)

/** Verifies RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3). Null where the runtime cannot do so at once. */
const verifierOf = (jwk: object): VerifyNow | null => {
  if (native === null) return null
  const { crypto, buffer } = native
  const key = crypto.createPublicKey({ key: jwk, format: 'jwk' })
  return (signed, signature) =>
    crypto.verify('sha256', buffer.Buffer.from(signed, 'latin1'), key, signature)
}

/** The weakness of an RSA key, or its excessive cost; null for a good key. */
const weaknessOf = ({ n, e }: JWK): string | null => {
  const modulus = unsigned(n)
  const exponent = unsigned(e)
  if (modulus === null || exponent === null) return 'its modulus or exponent is not base64url'
  return WEAKNESSES.find(([, applies]) => applies(modulus, exponent))?.[0] ?? null
}

const bitsOf = (value: bigint): number => value.toString(2).length

const WEAKNESSES: readonly (readonly [string, (n: bigint, e: bigint) => boolean])[] = [
  ['its modulus is too short', (n) => bitsOf(n) < MIN_RSA_BITS],
  ['its modulus is too long', (n) => bitsOf(n) > MAX_RSA_BITS],
  ['its exponent is below 65537', (_, e) => e < MIN_RSA_EXPONENT],
  ['its exponent is too large', (_, e) => e > MAX_RSA_EXPONENT],
  ['its exponent is even', (_, e) => e % 2n === 0n],
  ['its modulus has a small factor', (n) => hasSmallFactor(n)],
  ['its modulus has the ROCA fingerprint (CVE-2017-15361)', (n) => hasRocaFingerprint(n)],
]

/** Characters of the longest number that is decoded, room for leading zeros included. */
const MAX_NUMBER_CHARS = 2 * Math.ceil(MAX_RSA_BITS / 6)

/** Decodes a Base64urlUInt (RFC 7518 §2); null for any other value. */
const unsigned = (text: unknown): bigint | null => {
  if (typeof text !== 'string' || text.length > MAX_NUMBER_CHARS) return null
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return null
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  let hex = '0x0'
  for (let i = 0; i < binary.length; i += 1) {
    hex += binary.charCodeAt(i).toString(16).padStart(2, '0')
  }
  return BigInt(hex)
}

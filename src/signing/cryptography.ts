// Signatures of the platform. Web Crypto is everywhere; src/node/cryptography.ts has Node's own, which is faster.
import type { CryptoKey, JWK } from 'jose'
import { importJWK } from 'jose/key/import'
import type { Algorithm } from './algorithms.ts'

/** Makes the signature of a signing input (RFC 7515 §5.1), as base64url. */
export type SignInput = (input: string) => string | Promise<string>

/** Verifies the signature of a signing input (RFC 7515 §5.2). */
export type VerifyInput = (input: string, signature: Uint8Array) => boolean | Promise<boolean>

/** Imports a key once for many signatures. Both throw for a key that is not one of the algorithm. */
export type Cryptography = {
  signerWith(privateJwk: JWK, algorithm: Algorithm): Promise<SignInput>
  verifierWith(publicJwk: JWK, algorithm: Algorithm): Promise<VerifyInput>
}

type Scheme = Parameters<typeof crypto.subtle.sign>[0]

/** RFC 7518 §3.3 to §3.5, RFC 8037 §3.1. */
const SCHEMES: Readonly<Record<Algorithm, Scheme>> = {
  RS256: 'RSASSA-PKCS1-v1_5',
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  EdDSA: 'Ed25519',
  Ed25519: 'Ed25519',
}

/** Web Crypto. It signs on another thread. */
export const webCryptography: Cryptography = {
  async signerWith(privateJwk, algorithm) {
    const key = await importKey(privateJwk, algorithm)
    return async (input) => {
      const signature = await crypto.subtle.sign(SCHEMES[algorithm], key, Buffer.from(input))
      return Buffer.from(signature).toString('base64url')
    }
  },
  async verifierWith(publicJwk, algorithm) {
    const key = await importKey(publicJwk, algorithm)
    return (input, signature) =>
      crypto.subtle.verify(SCHEMES[algorithm], key, signature, Buffer.from(input))
  },
}

const importKey = async (jwk: JWK, algorithm: Algorithm): Promise<CryptoKey> =>
  (await importJWK(jwk, algorithm)) as CryptoKey

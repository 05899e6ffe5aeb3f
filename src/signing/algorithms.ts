// The algorithms that the server can sign with (RFC 7518 §3, RFC 8037 §3.1), as a table. No I/O.
import { RSA_MODULUS_BITS } from '../constants.ts'

const rsa = { modulusLength: RSA_MODULUS_BITS }

/** What a key of each algorithm is generated with. Every server has RS256 (RFC 9068 §2.1). */
export const ALGORITHMS = {
  RS256: rsa,
  PS256: rsa,
  ES256: {},
  EdDSA: { crv: 'Ed25519' },
} as const satisfies Record<string, { modulusLength?: number; crv?: string }>

export type Algorithm = keyof typeof ALGORITHMS

export const isAlgorithm = (name: string): name is Algorithm => Object.hasOwn(ALGORITHMS, name)

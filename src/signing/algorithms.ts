// The algorithms that the server can sign with (RFC 7518 §3, RFC 8037 §3.1, RFC 9864 §2.2), as a table. No I/O.
import { RSA_MODULUS_BITS } from '../constants.ts'

const rsa = { modulusLength: RSA_MODULUS_BITS }

/** Parameters with which a key of each algorithm is generated. Every server has RS256 (RFC 9068 §2.1). */
export const ALGORITHMS = {
  RS256: rsa,
  PS256: rsa,
  ES256: {},
  EdDSA: { crv: 'Ed25519' },
  Ed25519: {}, // the same signatures under a name that contains the curve
} as const satisfies Record<string, { modulusLength?: number; crv?: string }>

export type Algorithm = keyof typeof ALGORITHMS

export const isAlgorithm = (name: string): name is Algorithm => Object.hasOwn(ALGORITHMS, name)

export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as [Algorithm, ...Algorithm[]]

/** The names of the algorithms, for messages and descriptions. */
export const ALGORITHM_LIST = `${ALGORITHM_NAMES.slice(0, -1).join(', ')} or ${ALGORITHM_NAMES.at(-1)}`

/** The order of all published lists: a reader that uses the first entry gets RS256. */
export const rs256First = <T>(items: readonly T[], algorithmOf: (item: T) => Algorithm): T[] => [
  ...items.filter((item) => algorithmOf(item) === 'RS256'),
  ...items.filter((item) => algorithmOf(item) !== 'RS256'),
]

// Verifies the signature, issuer and audience of a token: facts that do not change between two uses
// of it.
import { compactVerify } from 'jose'
import { refusal } from '../errors.ts'
import type { VerificationKey } from '../keys/jwk.ts'
import type { KeySource } from '../keys/key-source.ts'
import { type Policy, checkOrigin } from './claims.ts'
import { parseToken } from './parse.ts'
import { type VerifiedToken, verifiedTokenOf } from './verified-token.ts'

export type Signed = { readonly key: VerificationKey; readonly token: VerifiedToken }

type SignatureContext = {
  algorithms: readonly string[]
  findKey: KeySource['find']
  policy: Policy
}

/** @throws TokenInvalid, VerifierUnavailable */
export const verifySignature = async (
  bearer: string,
  { algorithms, findKey, policy }: SignatureContext,
): Promise<Signed> => {
  const { algorithm, kid, claims } = parseToken(bearer, algorithms)
  const key = await findKey({ kid, algorithm })
  if (key === null) throw refusal({ kind: 'key_unknown', kid, algorithm })
  try {
    await compactVerify(bearer, key.key, { algorithms: [algorithm] })
  } catch (cause) {
    throw refusal({ kind: 'signature_invalid', kid, algorithm }, { cause })
  }
  checkOrigin(claims, policy)
  return { key, token: verifiedTokenOf(claims) }
}

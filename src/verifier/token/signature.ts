// Verifies the signature, issuer and audience of a token: facts that do not change between two uses
// of it.
import { compactVerify } from 'jose'
import { refusal } from '../errors.ts'
import { type Eventual, whenAtHand } from '../eventual.ts'
import type { VerificationKey } from '../keys/jwk.ts'
import { type Policy, checkOrigin } from './claims.ts'
import type { ParsedToken, TokenParser } from './parse.ts'
import { type VerifiedToken, verifiedTokenOf } from './verified-token.ts'

export type Signed = { readonly key: VerificationKey; readonly token: VerifiedToken }

type SignatureContext = {
  parse: TokenParser
  findKey: (name: Pick<ParsedToken, 'kid' | 'algorithm'>) => Eventual<VerificationKey | null>
  policy: Policy
}

/** @throws TokenInvalid, VerifierUnavailable */
export const verifySignature = (
  bearer: string,
  { parse, findKey, policy }: SignatureContext,
): Eventual<Signed> => {
  const parsed = parse(bearer)
  const { algorithm, kid, claims } = parsed
  return whenAtHand(findKey(parsed), (key) => {
    if (key === null) throw refusal({ kind: 'key_unknown', kid, algorithm })
    return whenAtHand(checkSignature(bearer, parsed, key), (isSigned) => {
      if (isSigned !== true) throw refusal({ kind: 'signature_invalid', kid, algorithm })
      checkOrigin(claims, policy)
      return { key, token: verifiedTokenOf(claims) }
    })
  })
}

/** @throws TokenInvalid `token_untrusted` for a signature that jose refuses */
const checkSignature = (
  bearer: string,
  { algorithm, kid, signed, signature }: ParsedToken,
  { key, verifyNow }: VerificationKey,
): Eventual<boolean> => {
  if (verifyNow !== null) return verifyNow(signed, signature)
  const invalid = (cause: unknown): never => {
    throw refusal({ kind: 'signature_invalid', kid, algorithm }, { cause })
  }
  return compactVerify(bearer, key, { algorithms: [algorithm] }).then(() => true, invalid)
}

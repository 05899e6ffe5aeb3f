// Who has signed a token, for whom: what stays as it is however often the token is used.
import { compactVerify } from 'jose'
import { permissionsOf, pluginOf, workspaceOf } from './requirements.ts'
import { type Policy, checkOrigin } from './claims.ts'
import { refusal } from '../errors.ts'
import type { VerificationKey } from '../keys/jwk.ts'
import type { KeySource } from '../keys/key-source.ts'
import { parseToken } from './parse.ts'
import type { VerifiedToken } from '../verifier.ts'

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
  if (key === null) throw refusal('token_untrusted')
  try {
    await compactVerify(bearer, key.key, { algorithms: [algorithm] })
  } catch (cause) {
    throw refusal('token_untrusted', { cause })
  }
  checkOrigin(claims, policy)
  const token = deepFreeze({
    clientId: claims.client_id,
    permissions: permissionsOf(claims),
    pluginId: pluginOf(claims),
    workspaceId: workspaceOf(claims),
    jti: claims.jti,
    expiresAt: claims.exp,
    claims,
  })
  return { key, token }
}

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}

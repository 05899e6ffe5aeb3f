// Private keys at rest: a compact JWE (RFC 7516) under the key-encryption key, `dir` + A256GCM.
import type { JWK } from 'jose'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { exportJWK } from 'jose/key/export'
import { generateKeyPair } from 'jose/key/generate/keypair'
import type { KeyCandidate } from '../store/store.ts'
import { ALGORITHMS, type Algorithm } from './algorithms.ts'

const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' }

/** The key-encryption key does not decrypt the stored keys. */
export class WrongKeyEncryptionKey extends Error {
  override readonly name = 'WrongKeyEncryptionKey'
}

/** Makes a key pair. Its private half leaves this function only encrypted. The kid is the RFC 7638 thumbprint. */
export const newKey = async (algorithm: Algorithm, kek: Uint8Array): Promise<KeyCandidate> => {
  const pair = await generateKeyPair(algorithm, { ...ALGORITHMS[algorithm], extractable: true })
  const publicJwk = await exportJWK(pair.publicKey)
  const kid = await calculateJwkThumbprint(publicJwk)
  const privateJwe = await wrap(await exportJWK(pair.privateKey), kid, kek)
  return { kid, algorithm, publicJwk, privateJwe }
}

/** Encrypts a private key, with its kid in the protected header: an attacker cannot move it to another row. */
const wrap = (jwk: JWK, kid: string, kek: Uint8Array): Promise<string> =>
  new CompactEncrypt(new TextEncoder().encode(JSON.stringify(jwk)))
    .setProtectedHeader({ ...ENCRYPTION, kid })
    .encrypt(kek)

/** @throws WrongKeyEncryptionKey for another `kek`, and for a row that has been changed */
export const unwrap = async (privateJwe: string, kid: string, kek: Uint8Array): Promise<JWK> => {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(privateJwe, kek, {
      keyManagementAlgorithms: [ENCRYPTION.alg],
      contentEncryptionAlgorithms: [ENCRYPTION.enc],
    })
    if (protectedHeader.kid !== kid) throw new Error('the wrapped key belongs to another kid')
    return JSON.parse(new TextDecoder().decode(plaintext)) as JWK
  } catch (cause) {
    throw new WrongKeyEncryptionKey('the key-encryption key does not open the signing keys', {
      cause,
    })
  }
}

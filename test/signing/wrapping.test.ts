// Encrypted signing keys: a thief of the database alone can neither read nor exchange one.
import { expect, it } from 'vitest'
import { WrongKeyEncryptionKey, unwrap } from '../../src/signing/wrapping.ts'
import { KEK, testKey } from '../support/keys.ts'

it('private key is stored encrypted, and opens with its own kid and key-encryption key only', async () => {
  const [one, other] = [await testKey('ES256', 1), await testKey('ES256', 2)]
  const jwk = await unwrap(one.privateJwe, one.kid, KEK)
  expect(jwk).toMatchObject({ kty: 'EC', d: expect.any(String) as unknown })
  expect(JSON.stringify(one)).not.toContain(jwk.d)
  const anotherKek = new Uint8Array(32).fill(8)
  await expect(unwrap(one.privateJwe, one.kid, anotherKek)).rejects.toThrow(WrongKeyEncryptionKey)
  // A person who can write rows gives the kid of the signing key to another key of the table.
  await expect(unwrap(other.privateJwe, one.kid, KEK)).rejects.toThrow(WrongKeyEncryptionKey)
})

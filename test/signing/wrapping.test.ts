// What a signing key is worth to who has the database alone: nothing, neither read nor put in another's place.
import { expect, it } from 'vitest'
import { WrongKeyEncryptionKey, unwrap } from '../../src/signing/wrapping.ts'
import { KEK, testKey } from '../support/keys.ts'

it('a private key is stored encrypted, and opens with its own kid and key-encryption key alone', async () => {
  const [one, other] = [await testKey('ES256', 1), await testKey('ES256', 2)]
  const jwk = await unwrap(one.privateJwe, one.kid, KEK)
  expect(jwk).toMatchObject({ kty: 'EC', d: expect.any(String) as unknown })
  expect(JSON.stringify(one)).not.toContain(jwk.d)
  const anotherKek = new Uint8Array(32).fill(8)
  await expect(unwrap(one.privateJwe, one.kid, anotherKek)).rejects.toThrow(WrongKeyEncryptionKey)
  // Who can write rows gives the signing key's name to another key of the table.
  await expect(unwrap(other.privateJwe, one.kid, KEK)).rejects.toThrow(WrongKeyEncryptionKey)
})

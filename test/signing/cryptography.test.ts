// Signatures of Node and of Web Crypto: each verifies those of the other, and jose verifies both.
import { exportJWK } from 'jose/key/export'
import { generateKeyPair } from 'jose/key/generate/keypair'
import { importJWK } from 'jose/key/import'
import { compactVerify } from 'jose/jws/compact/verify'
import { describe, expect, it } from 'vitest'
import { cryptographyOf, nodeCryptography } from '../../src/node/cryptography.ts'
import { ALGORITHMS, ALGORITHM_NAMES, type Algorithm } from '../../src/signing/algorithms.ts'
import { webCryptography } from '../../src/signing/cryptography.ts'

const PLATFORMS = {
  'Web Crypto': webCryptography,
  'Node in the pool': nodeCryptography({ atOnce: false }),
  'Node at once': nodeCryptography({ atOnce: true }),
}

const pairOf = async (algorithm: Algorithm) => {
  const pair = await generateKeyPair(algorithm, { ...ALGORITHMS[algorithm], extractable: true })
  return { own: await exportJWK(pair.privateKey), open: await exportJWK(pair.publicKey) }
}

const HEADERS = ALGORITHM_NAMES.map((alg) => ({ alg, typ: 'at+jwt', kid: 'k' }))
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe.each(HEADERS)('a signature of $alg', (header) => {
  const algorithm = header.alg
  const input = `${encode(header)}.${encode({ sub: 'é', scope: 'a b' })}`
  const key = pairOf(algorithm)
  const other = pairOf(algorithm)
  const signed = Object.entries(PLATFORMS).map(async ([name, { signerWith }]) => {
    const sign = await signerWith((await key).own, algorithm)
    return { name, signature: await sign(input) }
  })
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64url')

  it('is accepted by jose', async () => {
    const publicKey = await importJWK((await key).open, algorithm)
    for (const { name, signature } of await Promise.all(signed)) {
      const token = `${input}.${signature}`
      const { protectedHeader } = await compactVerify(token, publicKey, { algorithms: [algorithm] })
      expect(protectedHeader, name).toEqual(header)
    }
  })

  it.each(Object.entries(PLATFORMS))('is verified by %s', async (_, { verifierWith }) => {
    const verify = await verifierWith((await key).open, algorithm)
    const verifyOther = await verifierWith((await other).open, algorithm)
    for (const { name, signature } of await Promise.all(signed)) {
      const good = bytes(signature)
      expect(await verify(input, good), name).toBe(true)
      expect(await verify(`${input}A`, good), name).toBe(false)
      expect(await verifyOther(input, good), name).toBe(false)
      const changed = good.map((byte, i) => (i === good.length - 1 ? byte ^ 1 : byte))
      expect(await verify(input, changed), name).toBe(false)
      for (const length of [0, 1, good.length - 1, good.length + 1]) {
        const resized = new Uint8Array(length)
        resized.set(good.subarray(0, length))
        expect(await verify(input, resized), `${name}, ${length} bytes`).toBe(false)
      }
    }
  })
})

describe('a key of another algorithm', () => {
  it.each(Object.entries(PLATFORMS))('is refused by %s', async (_, platform) => {
    const { own, open } = await pairOf('ES256')
    for (const algorithm of ['RS256', 'PS256', 'EdDSA'] as const) {
      await expect(platform.signerWith(own, algorithm)).rejects.toThrow()
      await expect(platform.verifierWith(open, algorithm)).rejects.toThrow()
    }
  })
})

it('a server with several processes signs at once, a single one in the pool', async () => {
  const { own } = await pairOf('ES256')
  const [single, several] = await Promise.all(
    [1, 2].map((workers) => cryptographyOf({ workers }).signerWith(own, 'ES256')),
  )
  expect(single?.('a.b')).toBeInstanceOf(Promise)
  expect(several?.('a.b')).toBeTypeOf('string')
})

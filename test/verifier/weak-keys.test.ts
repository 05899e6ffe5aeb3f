// Weak RSA keys: a factor can be computed, a signature forged, or each check costs too much.
import { checkPrimeSync, generateKeyPairSync, generatePrimeSync, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hasRocaFingerprint } from '../../src/verifier/keys/roca.ts'
import { KEY, OTHER_KEY, forge, keySet, startVerifier, tokenWith } from './support.ts'

const base64url = (value: bigint): string => {
  const hex = value.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
}
const valueOf = (text: unknown): bigint =>
  BigInt(`0x${Buffer.from(String(text), 'base64url').toString('hex')}`)
const randomBits = (bits: number): bigint => BigInt(`0x${randomBytes(bits / 8).toString('hex')}`)
const prime = (bits: number): bigint => generatePrimeSync(bits, { bigint: true })
const modulusOf = (jwk: object): bigint => valueOf((jwk as { n?: unknown }).n)

const SMALL_PRIMES = Array.from({ length: 700 }, (_, i) => i + 2).filter((n) =>
  checkPrimeSync(BigInt(n)),
)

/** Computes the product of the first `count` primes. */
const primorial = (count: number): bigint =>
  SMALL_PRIMES.slice(0, count).reduce((product, one) => product * BigInt(one), 1n)

const power = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let [result, square] = [1n, base % modulus]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

/** Makes a prime like the faulty library: k · M + (65537^a mod M). */
const rocaPrime = (bits: number, product: bigint): bigint => {
  for (;;) {
    const k = (1n << BigInt(bits)) / product - (randomBits(32) % 1_000_000n) - 1n
    const candidate = k * product + power(65_537n, randomBits(64), product)
    if (checkPrimeSync(candidate)) return candidate
  }
}

const codesOf = async (members: object): Promise<string[]> => {
  const alone = startVerifier()
  alone.server.answer = () => keySet([{ ...KEY.jwk, ...members }])
  const { check, server } = startVerifier()
  server.answer = () => keySet([{ ...KEY.jwk, ...members }, OTHER_KEY.jwk])
  return [await alone.check(forge()), await check(forge())]
}

/**
 * Expects that the key is left out of the set: other keys count, and a set of this key alone is
 * refused.
 */
const expectRefused = async (members: object): Promise<void> => {
  expect(await codesOf(members)).toEqual(['keys_unavailable', 'token_untrusted'])
  const { check, server, verifier } = startVerifier()
  server.answer = () => keySet([{ ...KEY.jwk, ...members }, OTHER_KEY.jwk])
  const header = { kid: OTHER_KEY.kid }
  expect(await check(tokenWith({}, header))).toBe('token_untrusted')
  expect(verifier.status().keys).toEqual([{ kid: OTHER_KEY.kid, state: 'published' }])
}

describe('exponent of a key', () => {
  const TAKEN = [65_537n, 65_539n, 2n ** 32n + 1n, 2n ** 33n - 1n]
  const REFUSED = [
    0n,
    1n,
    2n,
    3n,
    5n,
    17n,
    257n,
    65_535n,
    65_536n,
    65_538n,
    2n ** 32n,
    2n ** 33n,
    2n ** 33n + 1n,
    2n ** 64n + 1n,
    2n ** 2047n + 1n,
  ]

  test.each(REFUSED)('%i is refused', (e) => expectRefused({ e: base64url(e) }))

  test.each([3, 17, 257])('%i is refused with a matching key', async (publicExponent) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicExponent,
    })
    const { check, server } = startVerifier()
    server.answer = () =>
      keySet([{ ...publicKey.export({ format: 'jwk' }), kid: KEY.kid, alg: 'RS256' }])
    expect(await check(forge({ key: { privateKey } }))).toBe('keys_unavailable')
  })

  test.each(TAKEN)('%i is accepted', async (e) => {
    const { verifier, check, server } = startVerifier()
    server.answer = () => keySet([{ ...KEY.jwk, e: base64url(e) }])
    await check(forge())
    expect(verifier.status().keys).toHaveLength(1)
  })

  test('is read without its leading zeros', async () => {
    await expectRefused({ e: Buffer.from([0, 0, 0, 3]).toString('base64url') })
    const { check, server } = startVerifier()
    server.answer = () =>
      keySet([{ ...KEY.jwk, e: Buffer.from([0, 1, 0, 1]).toString('base64url') }])
    expect(await check(forge())).toBe('good')
  })

  test.each(['AQAB=', 'AQAB ', 'AQ+B', 'A', '', 65_537, ['AQAB'], null])(
    'is refused in the form %j',
    (e) => expectRefused({ e }),
  )
})

describe('modulus of a key', () => {
  test.each([
    ['that is even', () => modulusOf(KEY.jwk) - 1n],
    ['divisible by 3', () => 3n * prime(2047)],
    ['divisible by 167', () => 167n * prime(2048)],
    ['one bit too short', () => prime(2047)],
    ['too long', () => (1n << 16_384n) + 1n],
    ['far too long', () => (1n << 120_000n) + 1n],
    ['of zero', () => 0n],
  ])('%s is refused', (_, n) => expectRefused({ n: base64url(n()) }))

  test('is refused when it is short and has leading zeros', () => {
    const bytes = Buffer.from(base64url(prime(1024)), 'base64url')
    return expectRefused({
      n: Buffer.concat([Buffer.alloc(128), bytes]).toString('base64url'),
    })
  })
})

describe('ROCA fingerprint (CVE-2017-15361)', () => {
  // Number of primes that the library multiplies for a key of this length.
  test.each([
    [512, 39],
    [1024, 71],
    [2048, 126],
  ])('is found in keys of %i bits from the faulty library', (bits, primes) => {
    const product = primorial(primes)
    for (let i = 0; i < 3; i += 1) {
      const n = rocaPrime(bits / 2, product) * rocaPrime(bits / 2, product)
      expect(hasRocaFingerprint(n)).toBe(true)
    }
  })

  test('makes a key refused, and the status names the reason', async () => {
    const product = primorial(126)
    const n = base64url(rocaPrime(1025, product) * rocaPrime(1025, product))
    await expectRefused({ n })
    const { check, server, verifier } = startVerifier()
    server.answer = () => keySet([{ ...KEY.jwk, n }])
    await check(forge())
    expect(verifier.status().jwks.lastFailure).toContain('CVE-2017-15361')
  })

  test('is absent when one factor is sound', () => {
    const product = primorial(126)
    for (let i = 0; i < 20; i += 1) {
      expect(hasRocaFingerprint(rocaPrime(1024, product) * prime(1024))).toBe(false)
    }
  })

  test('is absent from 100,000 odd numbers and from 50 sound keys', () => {
    for (let i = 0; i < 100_000; i += 1) {
      expect(hasRocaFingerprint(randomBits(256) | 1n)).toBe(false)
    }
    for (let i = 0; i < 50; i += 1) {
      expect(hasRocaFingerprint(prime(512) * prime(512))).toBe(false)
    }
  })
})

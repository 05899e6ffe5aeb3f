// One spelling for each byte string: all others are refused, also those that platforms' decoders take.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64url } from '../../src/verifier/token/base64url.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

test('decodes whatever was encoded, given as text or as bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(decodeBase64url(encode(bytes))).toEqual(bytes)
      expect(decodeBase64url(Buffer.from(encode(bytes)))).toEqual(bytes)
    }),
  )
})

test('whatever is decoded is encoded to the same text', () => {
  const text = fc.string({
    unit: fc.constantFrom(...ALPHABET.split(''), '+', '/', '=', ' ', '\n', 'é'),
    maxLength: 9,
  })
  fc.assert(
    fc.property(text, (given) => {
      const bytes = decodeBase64url(given)
      expect(bytes === null || encode(bytes) === given).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

describe('the only spelling', () => {
  test.each([
    ['of one byte', 2],
    ['of two bytes', 3],
    ['of three bytes', 4],
  ])('%s: each last character, each byte', (_, length) => {
    for (let code = 0; code < 256; code += 1) {
      const text = 'B'.repeat(length - 1) + String.fromCharCode(code)
      const isOne = encode(Buffer.from(text, 'base64url')) === text
      expect([text, decodeBase64url(Buffer.from(text, 'latin1')) !== null]).toEqual([text, isOne])
    }
  })

  test.each([1, 5, 9])('%i characters are none', (length) => {
    expect(decodeBase64url('A'.repeat(length))).toBeNull()
  })
})

// Canonical base64url: each byte string has one spelling. All others are refused, also those that a
// platform decoder accepts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64url } from '../../src/verifier/token/base64url.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

test('decodeBase64url decodes encoded bytes, given as text or as bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(decodeBase64url(encode(bytes))).toEqual(bytes)
      expect(decodeBase64url(Buffer.from(encode(bytes)))).toEqual(bytes)
    }),
  )
})

test('decodeBase64url accepts only text that encodes to itself again', () => {
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

describe('decodeBase64url', () => {
  test.each([
    ['of one byte', 2],
    ['of two bytes', 3],
    ['of three bytes', 4],
  ])('accepts one spelling %s, for each last character', (_, length) => {
    for (let code = 0; code < 256; code += 1) {
      const text = 'B'.repeat(length - 1) + String.fromCharCode(code)
      const isOne = encode(Buffer.from(text, 'base64url')) === text
      expect([text, decodeBase64url(Buffer.from(text, 'latin1')) !== null]).toEqual([text, isOne])
    }
  })

  test.each([1, 5, 9])('refuses a text of %i characters', (length) => {
    expect(decodeBase64url('A'.repeat(length))).toBeNull()
  })
})
